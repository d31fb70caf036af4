"""Charts: lines, bars, areas and pies."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from demo.slack import limits
from demo.slack.blocks.layout import Block
from demo.slack.blocks.parts import Part, length, refuse

ChartLabel = Annotated[str, length(limits.CHART_LABEL)]
AxisLabel = Annotated[str, length(limits.CHART_AXIS)]


class Segment(Part):
    """One slice of a pie; its value is above zero."""

    label: ChartLabel
    value: Annotated[float, Field(gt=0)]


class Pie(Part):
    """Slices of a whole."""

    type: Literal["pie"]
    segments: Annotated[list[Segment], Field(min_length=1, max_length=limits.CHART_SEGMENTS)]


class Point(Part):
    """A value at one of the categories."""

    label: ChartLabel
    value: float


class Series(Part):
    """A named line, group of bars, or area."""

    name: ChartLabel
    data: Annotated[list[Point], Field(min_length=1, max_length=limits.CHART_POINTS)]


class Axes(Part):
    """The categories along the x axis, in order, and the axes' names."""

    categories: Annotated[list[ChartLabel], Field(min_length=1, max_length=limits.CHART_POINTS)]
    x_label: AxisLabel | None = None
    y_label: AxisLabel | None = None


class Axial(Part):
    """A chart with axes: every series has exactly one point for every category."""

    type: Literal["line", "bar", "area"]
    series: Annotated[list[Series], Field(min_length=1, max_length=limits.CHART_SERIES)]
    axis_config: Axes

    @model_validator(mode="after")
    def _series_cover_the_categories(self) -> "Axial":
        categories = self.axis_config.categories
        if repeated(categories):
            raise refuse("categories must be unique", "/axis_config/categories")
        if repeated([series.name for series in self.series]):
            raise refuse("names of series must be unique", "/series")
        for index, series in enumerate(self.series):
            if Counter(point.label for point in series.data) != Counter(categories):
                raise refuse("must have exactly one point for each category", f"/series/{index}/data")
        return self


class DataVisualization(Block):
    """A chart below a short title."""

    type: Literal["data_visualization"]
    title: Annotated[str, length(limits.CHART_TITLE)]
    chart: Annotated[Pie | Axial, Field(discriminator="type")]


def repeated(names: Sequence[str | None]) -> list[str]:
    """The names that are there more than once."""
    return [name for name, times in Counter(names).items() if name is not None and times > 1]

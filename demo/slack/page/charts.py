"""`data_visualization` blocks as geometry: what the template draws as SVG, in the units of its view box."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 420, 240
_TOP, _RIGHT, _LEFT = 10, 10, 34
_LETTER = 6.6  # the width of a letter, about
_TICKS = 4


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Mark:
    """What stands for one value: a bar (x, y, width, height), a point (x, y) or a slice (its path)."""

    label: str
    value: str
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    path: str = ""


@dataclass(frozen=True)
class Series:
    """Marks of one colour; `path` joins them in a line, `area` is the path of what lies below it."""

    name: str
    marks: tuple[Mark, ...]
    path: str = ""
    area: str = ""
    share: str = ""


@dataclass(frozen=True)
class Chart:
    """A whole chart. `x_ticks` are empty for a pie; `slanted` says that their labels need room."""

    kind: str
    series: tuple[Series, ...]
    x_ticks: tuple[Tick, ...] = ()
    y_ticks: tuple[Tick, ...] = ()
    x_label: str = ""
    y_label: str = ""
    left: float = 0
    bottom: float = 0
    right: float = WIDTH - _RIGHT
    slanted: bool = False


def lay_out(chart: dict[str, Any]) -> Chart:
    """The geometry of a block's `chart`: a pie, or lines, bars or areas on two axes."""
    return _pie(chart["segments"]) if chart["type"] == "pie" else _axes(chart)


def show_number(value: float) -> str:
    """A number as briefly as it can be read: `0.83`, `12,040`."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.1f}"


def nice_ticks(low: float, high: float) -> list[float]:
    """Some round numbers that span both ends, in steps of 1, 2, 2.5 or 5 times a power of ten."""
    span = high - low or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / _TICKS))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if span / (power * factor) <= _TICKS + 0.01)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 12) for index in range(first, max(last, first + 1) + 1)]


def _axes(chart: dict[str, Any]) -> Chart:
    axis = chart.get("axis_config") or {}
    categories = axis.get("categories") or [point["label"] for point in chart["series"][0]["data"]]
    table = [{point["label"]: point["value"] for point in series["data"]} for series in chart["series"]]
    rows = [[float(points.get(name) or 0) for name in categories] for points in table]
    values = [value for row in rows for value in row]
    base = () if chart["type"] == "line" else (0.0,)  # a bar's length must mean its value
    ticks = nice_ticks(min(*values, *base, max(values)), max(*values, *base, min(values)))
    labels = [show_number(tick) for tick in ticks]
    left = max(_LEFT, max(map(len, labels)) * _LETTER + 10) + (14 if axis.get("y_label") else 0)
    step = (WIDTH - _RIGHT - left) / len(categories)
    slanted = max(map(len, categories)) * _LETTER > step
    bottom = HEIGHT - (66 if slanted else 24) - (16 if axis.get("x_label") else 0)
    scale = _Scale(left, step, bottom, ticks[0], ticks[-1])
    draw = _bars if chart["type"] == "bar" else _line
    names = [series["name"] for series in chart["series"]]
    every = math.ceil(13 / step)
    return Chart(
        kind=chart["type"],
        series=tuple(draw(name, index, rows, categories, scale) for index, name in enumerate(names)),
        x_ticks=tuple(
            Tick(scale.x(index), name) for index, name in enumerate(categories) if index % every == 0
        ),
        y_ticks=tuple(Tick(scale.y(tick), label) for tick, label in zip(ticks, labels, strict=True)),
        x_label=axis.get("x_label") or "",
        y_label=axis.get("y_label") or "",
        left=left,
        bottom=bottom,
        slanted=slanted,
    )  # fmt: skip


@dataclass(frozen=True)
class _Scale:
    """From values to places: `step` is a category's width, `low` and `high` the ends of the y axis."""

    left: float
    step: float
    bottom: float
    low: float
    high: float

    def x(self, index: int) -> float:
        return round(self.left + (index + 0.5) * self.step, 2)

    def y(self, value: float) -> float:
        return round(self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - _TOP), 2)

    @property
    def zero(self) -> float:
        """The height of zero, or of the end of the axis that is nearest to it."""
        return self.y(min(max(0.0, self.low), self.high))


def _bars(name: str, index: int, rows: list[list[float]], categories: Sequence[str], scale: _Scale) -> Series:
    group = scale.step * 0.76
    width = group / len(rows)
    marks = []
    for place, (category, value) in enumerate(zip(categories, rows[index], strict=True)):
        y = scale.y(value)
        marks.append(
            Mark(
                category,
                show_number(value),
                round(scale.x(place) - group / 2 + index * width, 2),
                min(y, scale.zero),
                round(width * 0.92, 2),
                round(max(abs(y - scale.zero), 1), 2),
            )
        )
    return Series(name, tuple(marks))


def _line(name: str, index: int, rows: list[list[float]], categories: Sequence[str], scale: _Scale) -> Series:
    marks = tuple(
        Mark(category, show_number(value), scale.x(place), scale.y(value))
        for place, (category, value) in enumerate(zip(categories, rows[index], strict=True))
    )
    path = "M" + "L".join(f"{mark.x} {mark.y}" for mark in marks)
    area = f"{path}L{marks[-1].x} {scale.zero}L{marks[0].x} {scale.zero}Z"
    return Series(name, marks, path, area)


def _pie(segments: Sequence[dict[str, Any]]) -> Chart:
    total = sum(float(segment["value"]) for segment in segments) or 1.0
    series = []
    angle = 0.0
    for segment in segments:
        part = float(segment["value"]) / total
        mark = Mark(segment["label"], show_number(segment["value"]), path=_slice(angle, angle + part))
        series.append(Series(segment["label"], (mark,), share=f"{part:.0%}"))
        angle += part
    return Chart("pie", tuple(series))


def _slice(start: float, end: float) -> str:
    """The path of a slice between two parts of the whole turn, clockwise from the top."""
    x, y, radius = WIDTH / 2, HEIGHT / 2, HEIGHT / 2 - 8
    if end - start > 0.9999:  # an arc from a point to itself would be nothing
        return f"M{x} {y - radius}a{radius} {radius} 0 1 1 -0.01 0Z"
    from_, to = (_on_circle(x, y, radius, turn) for turn in (start, end))
    large = int(end - start > 0.5)
    return f"M{x} {y}L{from_}A{radius} {radius} 0 {large} 1 {to}Z"


def _on_circle(x: float, y: float, radius: float, turn: float) -> str:
    angle = turn * math.tau
    return f"{x + radius * math.sin(angle):.2f} {y - radius * math.cos(angle):.2f}"

"""Charts, as Slack draws them: a line for each series over the same labels. Pure.

The block is documented at https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block; slack_sdk has no
class for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from bot.messages import limits
from bot.messages.markup import fit


class Series(NamedTuple):
    """A line: its name, and a value for each label of its chart."""

    name: str
    values: tuple[float, ...]


class Chart(NamedTuple):
    """Lines over the same labels, from left to right."""

    title: str
    x_label: str
    y_label: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]


def block(chart: Chart) -> dict[str, Any] | None:
    """The chart as Slack takes it: its last points where there are too many, and only those that each series has a
    number for. None where nothing is left to draw.
    """
    lines = [line for line in chart.series if line.values][: limits.CHART_SERIES]
    wide = min([len(chart.labels), *(len(line.values) for line in lines)])
    drawn = [at for at in range(wide) if all(math.isfinite(line.values[at]) for line in lines)][-limits.CHART_POINTS :]
    if not lines or not drawn:
        return None
    labels = _distinct(chart.labels[at] for at in drawn)
    names = _distinct(line.name for line in lines)
    series = [_series(name, labels, [line.values[at] for at in drawn]) for name, line in zip(names, lines, strict=True)]
    axes = {"categories": labels, "x_label": _text(chart.x_label, "axis"), "y_label": _text(chart.y_label, "axis")}
    body = {"type": "line", "series": series, "axis_config": axes}
    return {"type": "data_visualization", "title": _text(chart.title, "chart"), "chart": body}


def _series(name: str, labels: Sequence[str], values: Sequence[float]) -> dict[str, Any]:
    points = [{"label": label, "value": value} for label, value in zip(labels, values, strict=True)]
    return {"name": name, "data": points}


def _distinct(texts: Iterable[str]) -> list[str]:
    """The texts cut to a label's size; one that was there before is numbered, because Slack refuses it twice."""
    found: list[str] = []
    for at, text in enumerate(texts, 1):
        label = _text(text, "point")
        found.append(label if label not in found else fit(f"{at}: {label}", limits.CHARACTERS["point"]))
    return found


def _text(text: str, kind: str) -> str:
    """Slack refuses an empty text, so that becomes a dash."""
    return fit(" ".join(text.split()), limits.CHARACTERS[kind]) or "–"

"""Jinja2 templates that are JSON with holes. Nothing that a person typed can become markup, or JSON.

`{{ hole }}` escapes `& < >` (the only characters that Slack asks for) and then JSON-escapes, so that `"*{{ name }}*"`
is safe. After parsing, strings that are not mrkdwn get their `& < >` back, because Slack shows a button's label or a
table's cell as it stands. A `null` in a list is left out, which is how a template says "not this block".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined

from bot.messages import limits
from bot.messages.charts import Chart, block
from bot.messages.markup import Markup, date, escape, fit, lines, link, mention, opens, unescape, within

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

_NUMBER = re.compile(r"[-+−±]?(?:\d|nan|inf)|–$")


def fill(template: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The template's document, with these variables. A message's `text` is mrkdwn, and stays escaped."""
    source = environment().get_template(f"{template}.json.j2").render(variables)
    document: dict[str, Any] = _plain_again(json.loads(source), "", mrkdwn=True)
    return document


@cache
def environment() -> Environment:
    """The one Jinja2 environment: strict, with the allowed filters only."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        finalize=_finalize,
        autoescape=False,  # noqa: S701  # HTML's escaping is wrong for Slack; _finalize has Slack's
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters = {
        "chart": _chart, "clock": _clock, "date": date, "fit": within, "json": _json, "lines": lines,
        "link": link, "mention": mention, "openable": _openable, "sayable": _sayable, "table": _table,
    }  # fmt: skip
    env.globals = {}
    return env


class _Raw(Markup):
    """JSON that is already JSON."""

    __slots__ = ()


def _finalize(value: Any) -> Any:
    if isinstance(value, _Raw | Undefined):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, Markup) else escape(str(value))
    return json.dumps(str(text), ensure_ascii=False)[1:-1]


def _plain_again(part: Any, key: str, *, mrkdwn: bool) -> Any:
    """Undo the escaping wherever Slack shows a string as it stands; leave out the nulls of lists."""
    if isinstance(part, dict):
        marked = part.get("type") == "mrkdwn" or (mrkdwn and not key)
        return {name: _plain_again(each, name, mrkdwn=marked) for name, each in part.items()}
    if isinstance(part, list):
        return [_plain_again(each, key, mrkdwn=mrkdwn) for each in part if each is not None]
    return unescape(part) if isinstance(part, str) and not (mrkdwn and key == "text") else part


# ---- filters ------------------------------------------------------------------------------------------------------


def _clock(when: datetime) -> Markup:
    """A time as an element of rich text, which knows no tokens."""
    fallback = f"{when.astimezone(UTC):%H:%M} UTC"
    return _json({"type": "date", "timestamp": int(when.timestamp()), "format": "{time}", "fallback": fallback})


class _Opens(Protocol):
    @property
    def url(self) -> str: ...


class _Says(Protocol):
    @property
    def command(self) -> str: ...


L = TypeVar("L", bound=_Opens)
S = TypeVar("S", bound=_Says)


def _openable(links: Iterable[L]) -> list[L]:
    """Those whose URL Slack takes."""
    return [each for each in links if opens(each.url)]


def _sayable(proposals: Iterable[S]) -> list[S]:
    """Those whose command a button can hold whole: one that is cut would be another command."""
    most = limits.CHARACTERS["value"]
    return [each for each in proposals if each.command.strip() and len(each.command) <= most]


def _chart(chart: Chart) -> Markup:
    """A chart as a block; null where there is nothing to draw."""
    return _json(block(chart))


def _table(rows: Sequence[Sequence[str]]) -> Markup:
    """A table block, of rows of text with the head first: words to the left, columns of numbers to the right."""
    width = min(max(map(len, rows), default=0), limits.TABLE_COLUMNS)
    cells = [
        [{"type": "raw_text", "text": fit(cell, limits.CHARACTERS["cell"]) if cell.strip() else "–"} for cell in row]
        for row in ([*row, *[""] * width][:width] for row in rows)
    ]
    numeric = [all(_NUMBER.match(row[at]["text"]) for row in cells[1:]) for at in range(width)]
    columns = [{"align": "right" if each else "left"} for each in numeric]
    return _json({"type": "table", "column_settings": columns, "rows": cells})


def _json(value: Any) -> Markup:
    """A value as JSON; its strings are escaped like any other."""

    def walk(part: Any) -> Any:
        if isinstance(part, str):
            return str(part) if isinstance(part, Markup) else escape(part)
        if isinstance(part, dict):
            return {key: walk(each) for key, each in part.items()}
        return [walk(each) for each in part] if isinstance(part, list | tuple) else part

    return _Raw(json.dumps(walk(value), ensure_ascii=False))

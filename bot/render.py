"""From a message class to Slack's JSON, by a Jinja2 template. Nothing that a person typed can become markup.

A template is JSON with holes. `{{ hole }}` escapes `& < >` (the only characters that Slack asks for) and then
JSON-escapes, so that `"*{{ name }}*"` is safe. After parsing, strings that are not mrkdwn get their `& < >` back,
because Slack shows a button's label or a table's cell as it stands. Mentions, links and dates come only from this
module's own filters. A `null` in a list is left out, which is how a template says "not this block". What is too long
for Slack is cut: a text by `fit`, a list by `bot.fitting`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined
from pydantic import BaseModel, ConfigDict

from bot import limits
from bot.fitting import fitted

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"

_PERSON = re.compile(r"[UW][A-Z0-9]{2,30}")
_NOT_IN_A_URL = re.compile(r"[<>|\s\x00-\x1f]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")  # controls, and what turns text around
_NUMBER = re.compile(r"[-+−±]?(?:\d|nan|inf)|–$")
_HALF = re.compile(r"(?:&[a-z]*|<[^<>]*)$")  # an entity or a token that a cut has left without its end


class Markup(str):
    """mrkdwn that is already escaped: a mention, a link, a date, or text that contains one."""

    __slots__ = ()


class Rendered(BaseModel):
    """A message as Slack takes it; see `bot.ports.Outgoing`."""

    model_config = ConfigDict(frozen=True)

    text: str
    blocks: list[dict[str, Any]] = []


class Message(BaseModel):
    """The base of every message. A subclass names its template; its fields are the template's variables."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    template: ClassVar[str]
    shareable: ClassVar[bool] = False  # an answer that its reader may want to show to the channel

    def variables(self) -> dict[str, Any]:
        """What the template sees: the fields."""
        return {name: getattr(self, name) for name in self.names()}

    @classmethod
    def names(cls) -> list[str]:
        """The names of the variables."""
        return list(cls.model_fields)

    def render(self) -> Rendered:
        """The message as Slack takes it."""
        source = environment().get_template(f"messages/{self.template}.json.j2").render(self.variables())
        document = _plain_again(json.loads(source))
        text = _cut(document["text"].strip(), limits.TEXT - limits.SPARE_TEXT)
        return Rendered(text=text or "–", blocks=fitted(document["blocks"]))


def messages() -> Iterator[type[Message]]:
    """Every message class there is, once its module is imported."""
    waiting = list(Message.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if hasattr(kind, "template"):
            yield kind


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
        "clock": _clock, "date": date, "fit": _fit, "lines": _lines, "link": link, "mention": mention,
        "openable": _openable, "sayable": _sayable, "table": _table,
    }  # fmt: skip
    env.globals = {}
    return env


def escape(text: str) -> str:
    """`& < >` as Slack wants them in mrkdwn, and only these; unseen signs that would steer the display are left out."""
    return _UNSEEN.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """The signs that `escape` has replaced, again."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def fit(text: str, most: int) -> str:
    """`text`, cut with an ellipsis so that it has at most `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def mention(user_id: str) -> Markup:
    """A live mention: it notifies that person. An id that Slack can't have becomes plain text."""
    return Markup(f"<@{user_id}>") if _PERSON.fullmatch(user_id) else _fit(user_id, "button")


def link(url: str, label: str) -> Markup:
    """A link with a label; the label alone where the URL is none that Slack would open."""
    shown = _fit(" ".join(label.split()), "line")
    return Markup(f"<{escape(url)}|{shown.replace('|', '¦')}>") if _opens(url) else shown


def date(when: datetime | None, form: str = "{time}") -> Markup:
    """A token that every reader sees in their own zone; `form` is Slack's, such as "{date_short_pretty} at {time}"."""
    if when is None:
        return Markup("–")
    return Markup(f"<!date^{int(when.timestamp())}^{form}|{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC>")


def _clock(when: datetime) -> Markup:
    """A time as an element of rich text, which knows no tokens."""
    fallback = f"{when.astimezone(UTC):%H:%M} UTC"
    return _json({"type": "date", "timestamp": int(when.timestamp()), "format": "{time}", "fallback": fallback})


def _cut(markup: str, most: int) -> str:
    """Escaped text of at most `most` characters; no entity, mention, link or date is cut in two."""
    return markup if len(markup) <= most else _HALF.sub("", markup[: most - 1]) + "…"


def _fit(value: Any, kind: str) -> Markup:
    """Cut to the named limit, counted after escaping. Slack refuses an empty text, so that becomes a dash."""
    markup = value if isinstance(value, Markup) else escape(str(value))
    return Markup(_cut(markup, limits.CHARACTERS[kind]) if markup.strip() else "–")


def _lines(values: Iterable[str], kind: str) -> Markup:
    """One line each, as many as the named limit takes; the last says how many more there are."""
    lines, most = [_fit(value, "line") for value in values], limits.CHARACTERS[kind]
    kept = len(lines)
    while kept and len("\n".join(lines[:kept])) > most - (0 if kept == len(lines) else len("\nand 10,000 more")):
        kept -= 1
    return Markup("\n".join([*lines[:kept], *([f"and {len(lines) - kept:,} more"] if kept < len(lines) else [])]))


class _Opens(Protocol):
    @property
    def url(self) -> str: ...


class _Says(Protocol):
    @property
    def command(self) -> str: ...


L = TypeVar("L", bound=_Opens)
S = TypeVar("S", bound=_Says)


def _openable(links: Iterable[L]) -> list[L]:
    """Those whose URL Slack takes: for one that it doesn't, it refuses the whole message."""
    return [each for each in links if _opens(each.url)]


def _opens(url: str) -> bool:
    usable = url.startswith(("http://", "https://")) and not _NOT_IN_A_URL.search(url)
    return usable and len(escape(url)) <= limits.CHARACTERS["url"]


def _sayable(proposals: Iterable[S]) -> list[S]:
    """Those whose command a button can hold whole: one that is cut would be another command."""
    most = limits.CHARACTERS["value"]
    return [each for each in proposals if each.command.strip() and len(each.command) <= most]


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


def _plain_again(document: Any) -> Any:
    """Undo the escaping wherever Slack shows a string as it stands; leave out the nulls of lists."""

    def walk(part: Any, key: str, mrkdwn: bool) -> Any:
        if isinstance(part, dict):
            marked = part.get("type") == "mrkdwn"
            return {name: walk(each, name, marked) for name, each in part.items()}
        if isinstance(part, list):
            return [walk(each, key, mrkdwn) for each in part if each is not None]
        return unescape(part) if isinstance(part, str) and not (mrkdwn and key == "text") else part

    return {"text": document["text"], "blocks": walk(document["blocks"], "", False)}

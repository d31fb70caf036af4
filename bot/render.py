"""From a message class to Slack's JSON, by a Jinja2 template. Nothing that a person typed can become markup.

A template is JSON with holes. `{{ hole }}` escapes `& < >` (the only characters that Slack asks for) and then
JSON-escapes, so that `"*{{ name }}*"` is safe. After parsing, strings that are not mrkdwn get their `& < >` back,
because Slack shows a button's label or a table's cell as it stands. Mentions, links and dates come only from this
module's own filters. A `null` in a list is left out, which is how a template says "not this block".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined
from pydantic import BaseModel, ConfigDict

from bot import limits

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


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
        """What the template sees: the fields, and public properties of the class."""
        return {name: getattr(self, name) for name in self.names()}

    @classmethod
    def names(cls) -> list[str]:
        """The names of the variables."""
        properties = (name for name, member in vars(cls).items() if isinstance(member, property))
        return [*cls.model_fields, *properties]

    def render(self) -> Rendered:
        """The message as Slack takes it."""
        source = environment().get_template(f"messages/{self.template}.json.j2").render(self.variables())
        document = _plain_again(json.loads(source))
        return Rendered(text=fit(document["text"], limits.TEXT), blocks=document["blocks"][: limits.BLOCKS])


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
    env.filters = {"fit": _fit, "date": date, "mention": mention, "link": link, "length": len, "json": _json}
    env.globals = {}
    return env


def escape(text: str) -> str:
    """`& < >` as Slack wants them in mrkdwn, and only these."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """The reverse of `escape`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def fit(text: str, most: int) -> str:
    """`text`, cut with an ellipsis so that it has at most `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def mention(user_id: str) -> Markup:
    """A live mention: it notifies that person. An id that Slack can't have becomes plain text."""
    return Markup(f"<@{user_id}>") if user_id.isalnum() and user_id.isascii() else Markup(escape(user_id))


def link(url: str, label: str) -> Markup:
    """A link with a label; the label alone where the URL is none that Slack would open."""
    if not url.startswith(("http://", "https://")) or any(sign in url for sign in "<>| \n"):
        return Markup(escape(label))
    return Markup(f"<{url.replace('&', '&amp;')}|{escape(label).replace('|', '¦')}>")


def date(when: datetime | None, form: str = "{time}") -> Markup:
    """A token that every reader sees in their own zone; `form` is Slack's, such as "{date_short_pretty} at {time}"."""
    if when is None:
        return Markup("–")
    return Markup(f"<!date^{int(when.timestamp())}^{form}|{when:%Y-%m-%d %H:%M} UTC>")


def _fit(value: Any, kind: str) -> str:
    """Cut to the named limit, counted after escaping; markup is cut nowhere, so it must be short by itself."""
    if isinstance(value, Markup):
        return value
    text, most = str(value), limits.CHARACTERS[kind]
    while len(escape(text)) > most:
        text = fit(text, min(len(text) - 1, most - (len(escape(text)) - len(text)) // 2))
    return text


def _json(value: Any) -> Markup:
    """A value, such as a list of cells, as JSON; its strings are escaped like any other."""

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

"""mrkdwn: escaping, mentions, links, dates, and cuts that go through none of them. Pure.

Nothing that a person typed becomes markup: all text is escaped, and mentions, links and dates come only from here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bot.messages import limits

_PERSON = re.compile(r"[UW][A-Z0-9]{2,30}")
_GROUP = re.compile(r"S[A-Z0-9]{2,30}")
_NOT_IN_A_URL = re.compile(r"[<>|\s\x00-\x1f]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")  # controls, and what turns text around
_HALF = re.compile(r"(?:&[a-z]*|<[^<>]*)$")  # an entity or a token that a cut has left without its end


class Markup(str):
    """mrkdwn that is already escaped: a mention, a link, a date, or text that contains one."""

    __slots__ = ()


def escape(text: str) -> str:
    """`& < >` as Slack wants them in mrkdwn, and only these; unseen signs that would steer the display are left out."""
    return _UNSEEN.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """The signs that `escape` has replaced, again."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mention(user_id: str) -> Markup:
    """A live mention: it notifies that person, or user group. An id that Slack can't have becomes plain text."""
    if _GROUP.fullmatch(user_id):
        return Markup(f"<!subteam^{user_id}>")
    return Markup(f"<@{user_id}>") if _PERSON.fullmatch(user_id) else within(user_id, "button")


def link(url: str, label: str) -> Markup:
    """A link with a label; the label alone where the URL is none that Slack would open."""
    shown = within(" ".join(label.split()), "line")
    return Markup(f"<{escape(url)}|{shown.replace('|', '¦')}>") if opens(url) else shown


def opens(url: str) -> bool:
    """Would Slack take this address? For one that it doesn't, it refuses the whole message."""
    usable = url.startswith(("http://", "https://")) and not _NOT_IN_A_URL.search(url)
    return usable and len(escape(url)) <= limits.CHARACTERS["url"]


def date(when: datetime | None, form: str = "{time}") -> Markup:
    """A token that every reader sees in their own zone; `form` is Slack's, such as "{date_short_pretty} at {time}"."""
    if when is None:
        return Markup("–")
    return Markup(f"<!date^{int(when.timestamp())}^{form}|{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC>")


def fit(text: str, most: int) -> str:
    """Plain `text`, cut with an ellipsis so that it has at most `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def cut(markup: str, most: int) -> str:
    """Escaped text of at most `most` characters; no entity, mention, link or date is cut in two."""
    return markup if len(markup) <= most else _HALF.sub("", markup[: most - 1]) + "…"


def within(value: Any, kind: str) -> Markup:
    """Cut to the named limit, counted after escaping. Slack refuses an empty text, so that becomes a dash."""
    markup = value if isinstance(value, Markup) else escape(str(value))
    return Markup(cut(markup, limits.CHARACTERS[kind]) if markup.strip() else "–")


def lines(values: Iterable[str], kind: str) -> Markup:
    """One line each, as many as the named limit takes; the last says how many more there are."""
    found, most = [within(value, "line") for value in values], limits.CHARACTERS[kind]
    kept = len(found)
    while kept and len("\n".join(found[:kept])) > most - (0 if kept == len(found) else len("\nand 10,000 more")):
        kept -= 1
    return Markup("\n".join([*found[:kept], *([f"and {len(found) - kept:,} more"] if kept < len(found) else [])]))

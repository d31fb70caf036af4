"""The Markdown of a `description_md` as Slack's mrkdwn. Pure."""

from __future__ import annotations

import re

from bot.messages.markup import Markup, escape, link

_INLINE = re.compile(
    r"(?P<code>`+[^`\n]+`+)"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<url>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)"
    r"|(?P<strong>\*\*|__)(?P<bold>\S(?:[^\n]*?\S)?)(?P=strong)"
    r"|\*(?P<italic>[^\s*](?:[^*\n]*[^\s*])?)\*"
)
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(?P<title>.*?)[\s#]*")
_BULLET = re.compile(r"(?P<indent>\s*)[-*+]\s+(?P<item>.*)")


def mrkdwn(markdown: str) -> Markup:
    """Bold, italics, links, code, headings and lists as Slack writes them; everything else as it stands."""
    return Markup("\n".join(map(_line, markdown.strip().splitlines())))


def _line(line: str) -> str:
    if heading := _HEADING.fullmatch(line):
        return f"*{escape(heading['title'])}*" if heading["title"].strip() else ""
    if bullet := _BULLET.fullmatch(line):
        return f"{bullet['indent']}• {_inline(bullet['item'])}"
    return _inline(line)


def _inline(text: str) -> str:
    found, at = [], 0
    for match in _INLINE.finditer(text):
        found += [escape(text[at : match.start()]), _marked(match)]
        at = match.end()
    return "".join([*found, escape(text[at:])])


def _marked(match: re.Match[str]) -> str:
    if match["code"]:
        return escape(f"`{match['code'].strip('`')}`")
    if match["label"]:
        return link(match["url"], match["label"])
    return f"*{escape(match['bold'])}*" if match["bold"] else f"_{escape(match['italic'])}_"

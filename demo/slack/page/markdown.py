"""The little of standard Markdown that a `markdown` block is drawn with."""

import re

from markupsafe import Markup, escape

from demo.slack.page.reader import link

_FENCE = re.compile(r"```\w*\n(.*?)\n?```", re.DOTALL)
_HEADING = re.compile(r"#{1,6} +(.+)")
_ITEM = re.compile(r"\s*[-*+] +(.+)")
_SPAN = re.compile(
    r"`(?P<code>[^`\n]+)`|\*\*(?P<b>[^*\n]+)\*\*|\*(?P<i>[^*\n]+)\*|~~(?P<s>[^~\n]+)~~"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<url>[^)\s]+)\)"
)


def render_markdown(text: str) -> Markup:
    """HTML of headings, bullets, fenced code, bold, italic, strike, code and links; the rest is text."""
    pieces: list[Markup] = []
    for index, piece in enumerate(_FENCE.split(text)):
        if index % 2:
            pieces.append(Markup("<pre>{}</pre>").format(piece))
        else:
            pieces.extend(_line(line) for line in piece.split("\n") if line.strip())
    return Markup("").join(pieces)


def _line(line: str) -> Markup:
    if heading := _HEADING.fullmatch(line):
        return Markup("<h4>{}</h4>").format(_inline(heading[1]))
    if item := _ITEM.fullmatch(line):
        return Markup('<p class="bullet">{}</p>').format(_inline(item[1]))
    return Markup("<p>{}</p>").format(_inline(line))


def _inline(text: str) -> Markup:
    pieces: list[Markup] = []
    end = 0
    for match in _SPAN.finditer(text):
        pieces += [escape(text[end : match.start()]), _span(match)]
        end = match.end()
    return Markup("").join([*pieces, escape(text[end:])])


def _span(match: re.Match[str]) -> Markup:
    if match["url"]:
        return link(match["url"], match["label"])
    tag = next(name for name in ("code", "b", "i", "s") if match[name])
    return Markup("<{0}>{1}</{0}>").format(tag, match[tag])

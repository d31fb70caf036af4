"""The part of standard Markdown that Slack draws in a `markdown` block."""

import re
from collections.abc import Callable, Sequence
from itertools import groupby

from markupsafe import Markup, escape

from demo.slack.page.emojis import with_emoji
from demo.slack.page.reader import link

_FENCE = re.compile(r"```\w*\n(.*?)\n?```", re.DOTALL)
_LINES = {
    "heading": re.compile(r"#{1,6} +(?P<text>.+)"),
    "rule": re.compile(r" {0,3}(?:-{3,}|\*{3,}|_{3,}) *(?P<text>)"),
    "bullet": re.compile(r"(?P<indent> *)[-*+] +(?P<text>.+)"),
    "number": re.compile(r"(?P<indent> *)(?P<number>\d{1,6})[.)] +(?P<text>.+)"),
    "quote": re.compile(r"> ?(?P<text>.*)"),
    "row": re.compile(r" *\|(?P<text>.+)\| *"),
    "blank": re.compile(r"(?P<text>\s*)"),
    "plain": re.compile(r"(?P<text>.*)", re.DOTALL),
}
_UNDERLINE = re.compile(r"[\s|:-]+")
_SPAN = re.compile(
    r"`(?P<code>[^`\n]+)`|\*\*(?P<b>[^*\n]+)\*\*|\*(?P<i>[^*\n]+)\*|~~(?P<s>[^~\n]+)~~"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<url>[^)\s]+)\)"
)
Line = tuple[str, re.Match[str]]


def render_markdown(text: str) -> Markup:
    """HTML of headings, lists, quotes, tables, rules, fenced code and spans; the rest is text."""
    pieces: list[Markup] = []
    for index, piece in enumerate(_FENCE.split(text)):
        if index % 2:
            pieces.append(Markup("<pre>{}</pre>").format(piece))
        else:
            pieces.extend(_parts(piece))
    return Markup("").join(pieces)


def _parts(text: str) -> list[Markup]:
    """Lines of one kind and one indentation together."""
    lines = [_read(line) for line in text.split("\n")]
    groups = groupby(lines, key=lambda line: (line[0], _indent(line[1])))
    return [_DRAW[kind]([match for _, match in group]) for (kind, _), group in groups if kind != "blank"]


def _read(line: str) -> Line:
    return next((kind, match) for kind, rule in _LINES.items() if (match := rule.fullmatch(line)))


def _indent(match: re.Match[str]) -> int:
    return min(len(match.groupdict().get("indent") or "") // 2, 8)


def _headings(lines: Sequence[re.Match[str]]) -> Markup:
    return Markup("").join(Markup("<h4>{}</h4>").format(_inline(line["text"])) for line in lines)


def _rules(_lines: Sequence[re.Match[str]]) -> Markup:
    return Markup("<hr>")


def _bullets(lines: Sequence[re.Match[str]]) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(_item(line["text"])) for line in lines)
    return Markup('<ul class="indent-{}">{}</ul>').format(_indent(lines[0]), items)


def _numbers(lines: Sequence[re.Match[str]]) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(_inline(line["text"])) for line in lines)
    return Markup('<ol start="{}" class="indent-{}">{}</ol>').format(lines[0]["number"], _indent(lines[0]), items)


def _item(text: str) -> Markup:
    """An item of a list, with a box where it starts with `[ ]` or `[x]`."""
    box = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}.get(text[:4])
    return Markup("{}{}").format(box, _inline(text[4:])) if box else _inline(text)


def _quotes(lines: Sequence[re.Match[str]]) -> Markup:
    return Markup("<blockquote>{}</blockquote>").format(_broken(lines))


def _paragraph(lines: Sequence[re.Match[str]]) -> Markup:
    return Markup("<p>{}</p>").format(_broken(lines))


def _broken(lines: Sequence[re.Match[str]]) -> Markup:
    return Markup("<br>").join(_inline(line["text"]) for line in lines)


def _table(lines: Sequence[re.Match[str]]) -> Markup:
    """Rows; the first is the heading where a line of dashes follows it."""
    headed = len(lines) > 1 and _UNDERLINE.fullmatch(lines[1]["text"]) is not None
    rows = []
    for index, line in enumerate(lines):
        if index == 1 and headed:
            continue
        tag = "th" if index == 0 and headed else "td"
        cells = (Markup("<{0}>{1}</{0}>").format(tag, _inline(cell.strip())) for cell in line["text"].split("|"))
        rows.append(Markup("<tr>{}</tr>").format(Markup("").join(cells)))
    return Markup('<div class="scroll"><table>{}</table></div>').format(Markup("").join(rows))


_DRAW: dict[str, Callable[[Sequence[re.Match[str]]], Markup]] = {
    "heading": _headings,
    "rule": _rules,
    "bullet": _bullets,
    "number": _numbers,
    "quote": _quotes,
    "row": _table,
    "plain": _paragraph,
}


def _inline(text: str) -> Markup:
    pieces: list[Markup] = []
    end = 0
    for match in _SPAN.finditer(text):
        pieces += [escape(with_emoji(text[end : match.start()])), _span(match)]
        end = match.end()
    return Markup("").join([*pieces, escape(with_emoji(text[end:]))])


def _span(match: re.Match[str]) -> Markup:
    if match["url"]:
        return link(match["url"], match["label"])
    tag = next(name for name in ("code", "b", "i", "s") if match[name])
    return Markup("<{0}>{1}</{0}>").format(tag, match[tag])

"""Slack's mrkdwn as HTML. Everything is escaped unless a rule here made it."""

import re

from markupsafe import Markup, escape

from demo.slack.page.emojis import SHORTCODE, shortcode
from demo.slack.page.reader import Reader, link

_PREFORMATTED = re.compile(r"```\n?(.+?)\n?```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_TOKEN = re.compile(r"<([^<>\n]+)>")
_ATOM = re.compile("\ue000([0-9]+)\ue001")
_SPAN = re.compile(
    r"(?<![\w*_~])(?:\*(?P<b>[^\s*](?:[^*\n]*[^\s*])?)\*"
    r"|_(?P<i>[^\s_](?:[^_\n]*[^\s_])?)_"
    r"|~(?P<s>[^\s~](?:[^~\n]*[^\s~])?)~)(?![\w])"
)
_DATE = re.compile(r"!date\^(-?\d{1,12})\^([^^]+)(?:\^([^|]+))?")


def render_mrkdwn(text: str, reader: Reader) -> Markup:
    """HTML of a message's text for one reader: safe whatever the text is."""
    pieces: list[Markup] = []
    for index, piece in enumerate(_PREFORMATTED.split(_without_private(text))):
        if index % 2:
            pieces.append(Markup("<pre>{}</pre>").format(_decode(piece)))
        elif piece.strip("\n"):
            pieces.append(_lines(piece.strip("\n") if index else piece.rstrip("\n"), reader))
    return Markup("").join(pieces)


def render_plain(text: str, *, emoji: bool = True) -> Markup:
    """HTML of plain text: line breaks, and emoji by short name unless switched off."""
    shown = SHORTCODE.sub(lambda match: shortcode(match[0]), text) if emoji else text
    return _breaks(escape(shown))


def _lines(text: str, reader: Reader) -> Markup:
    """Paragraph text in which runs of lines that start with `>` are quotations."""
    pieces: list[Markup] = []
    quoted: list[str] = []
    plain: list[str] = []

    def flush() -> None:
        if quoted:
            pieces.append(Markup("<blockquote>{}</blockquote>").format(_inline("\n".join(quoted), reader)))
        if plain:
            pieces.append(_inline("\n".join(plain), reader))
        quoted.clear()
        plain.clear()

    for line in text.split("\n"):
        quote = re.match(r"(?:&gt;|>) ?", line)
        if (quoted and not quote) or (plain and quote):
            flush()
        if quote:
            quoted.append(line[quote.end() :])
        else:
            plain.append(line)
    flush()
    return Markup("").join(pieces)


def _inline(text: str, reader: Reader) -> Markup:
    """Code and `<…>` tokens are set aside as atoms, so that no style can cut through them."""
    atoms: list[Markup] = []

    def aside(made: Markup) -> str:
        atoms.append(made)
        return f"\ue000{len(atoms) - 1}\ue001"

    text = _CODE.sub(lambda m: aside(Markup("<code>{}</code>").format(_decode(m[1]))), text)
    text = _TOKEN.sub(lambda m: aside(_token(m[1], reader)), text)
    text = SHORTCODE.sub(lambda m: aside(escape(shortcode(m[0]))), text)
    return _restore(_styled(text), atoms)


def _restore(html: Markup, atoms: list[Markup]) -> Markup:
    """Atoms back in their places; one inside another (code in a link's label) is restored as well."""

    def back(match: re.Match[str]) -> str:
        return str(_restore(atoms[int(match[1])], atoms))

    return Markup(_ATOM.sub(back, html))  # noqa: S704 - the text and its atoms are escaped already


def _styled(text: str) -> Markup:
    """Bold, italic and strike, each within one line, escaped all around."""
    pieces: list[Markup] = []
    end = 0
    for match in _SPAN.finditer(text):
        tag = match.lastgroup or ""
        pieces.append(_breaks(escape(_decode(text[end : match.start()]))))
        pieces.append(Markup("<{0}>{1}</{0}>").format(tag, _styled(match[tag])))
        end = match.end()
    pieces.append(_breaks(escape(_decode(text[end:]))))
    return Markup("").join(pieces)


def _token(body: str, reader: Reader) -> Markup:
    """What `<body>` stands for: a mention, a channel, a date or a link, whose label may hold code."""
    target, _, label = body.partition("|")
    is_link = target[:1] not in ("@", "#", "!")
    if _ATOM.search(target if is_link else body):
        return escape(f"<{body}>")
    if target.startswith("@"):
        return reader.user(target[1:])
    if target.startswith("#"):
        return reader.channel(target[1:])
    if target.startswith("!"):
        return _special(target, label, reader)
    url = _decode(target)
    return link(url, _decode(label) or url)


def _special(target: str, label: str, reader: Reader) -> Markup:
    if target.startswith("!subteam^"):
        return reader.group(target.removeprefix("!subteam^"))
    if target in ("!here", "!channel", "!everyone"):
        return reader.broadcast(target[1:])
    if date := _DATE.fullmatch(target):
        url = _decode(date[3] or "")
        return reader.date(int(date[1]), _decode(date[2]), _decode(label), url)
    return escape(_decode(label) or f"<{target}>")


def _breaks(html: Markup) -> Markup:
    return html.replace("\n", Markup("<br>"))


def _decode(text: str) -> str:
    """Slack's three entities as their characters."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _without_private(text: str) -> str:
    """The text without the two characters that mark atoms, so that nobody can forge one."""
    return text.replace("\ue000", "").replace("\ue001", "")

"""Rich text blocks as HTML."""

from typing import Any

from markupsafe import Markup, escape

from demo.slack.page.emojis import shortcode
from demo.slack.page.reader import Reader, link

Json = dict[str, Any]
_TAGS = {"bold": "b", "italic": "i", "strike": "s", "underline": "u", "code": "code"}


def render_rich_text(block: Json, reader: Reader) -> Markup:
    """HTML of a `rich_text` block for one reader."""
    return Markup("").join(_part(part, reader) for part in block["elements"])


def words_of(block: Json) -> str:
    """The text of a `rich_text` block without styles, a line for each part."""
    parts = [item for part in block["elements"] for item in (part["elements"] if "list" in part["type"] else [part])]
    return "\n".join("".join(str(element.get("text", "")) for element in part["elements"]) for part in parts)


def _part(part: Json, reader: Reader) -> Markup:
    if part["type"] == "rich_text_list":
        return _list(part, reader)
    inner = Markup("").join(_element(element, reader) for element in part["elements"])
    if part["type"] == "rich_text_preformatted":
        return Markup("<pre>{}</pre>").format(inner)
    if part["type"] == "rich_text_quote":
        return Markup("<blockquote>{}</blockquote>").format(_broken(inner))
    return Markup("<p>{}</p>").format(_broken(inner))


def _list(part: Json, reader: Reader) -> Markup:
    tag = "ol" if part["style"] == "ordered" else "ul"
    items = Markup("").join(Markup("<li>{}</li>").format(_part(item, reader)) for item in part["elements"])
    start = Markup(' start="{}"').format(part["offset"] + 1) if part.get("offset") else ""
    indent = min(part.get("indent") or 0, 8)
    return Markup('<{0}{1} class="indent-{2}">{3}</{0}>').format(tag, start, indent, items)


def _element(element: Json, reader: Reader) -> Markup:
    """One run of text, with its style around it."""
    shown = _plain_element(element, reader)
    for name, tag in _TAGS.items():
        if (element.get("style") or {}).get(name):
            shown = Markup("<{0}>{1}</{0}>").format(tag, shown)
    return shown


def _plain_element(element: Json, reader: Reader) -> Markup:
    match element["type"]:
        case "link":
            return link(element["url"], element.get("text") or element["url"])
        case "emoji":
            return escape(shortcode(f":{element['name']}:"))
        case "user":
            return reader.user(element["user_id"])
        case "channel":
            return reader.channel(element["channel_id"])
        case "usergroup":
            return reader.group(element["usergroup_id"])
        case "broadcast":
            return reader.broadcast(element["range"])
        case "date":
            fallback, url = element.get("fallback") or "", element.get("url") or ""
            return reader.date(element["timestamp"], element["format"], fallback, url)
        case "color":
            return Markup("<code>{}</code>").format(element["value"])
        case _:
            return escape(element["text"])


def _broken(html: Markup) -> Markup:
    return html.replace("\n", Markup("<br>"))

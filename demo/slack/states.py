"""What people chose in interactive elements, as Slack tells it in `state.values` and in actions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from demo.slack.blocks.check import interactive_elements
from demo.slack.errors import SlackError
from demo.slack.typed import escape_entities

Raw = str | list[str] | None
Element = dict[str, Any]
Values = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Kind:
    """How one type of element keeps its value: under which key, begun with which, read from the browser how."""

    key: str
    initial: str
    read: Literal["text", "option", "user", "conversation", "channel", "seconds", "rich", "file"] = "text"
    many: bool = False


_TEXT = Kind("value", "initial_value")
_OPTION = Kind("selected_option", "initial_option", "option")
_OPTIONS = Kind("selected_options", "initial_options", "option", many=True)
KINDS: dict[str, Kind] = {
    "plain_text_input": _TEXT,
    "email_text_input": _TEXT,
    "url_text_input": _TEXT,
    "number_input": _TEXT,
    "rich_text_input": Kind("rich_text_value", "initial_value", "rich"),
    "datepicker": Kind("selected_date", "initial_date"),
    "timepicker": Kind("selected_time", "initial_time"),
    "datetimepicker": Kind("selected_date_time", "initial_date_time", "seconds"),
    "static_select": _OPTION,
    "external_select": _OPTION,
    "radio_buttons": _OPTION,
    "multi_static_select": _OPTIONS,
    "multi_external_select": _OPTIONS,
    "checkboxes": _OPTIONS,
    "users_select": Kind("selected_user", "initial_user", "user"),
    "conversations_select": Kind("selected_conversation", "initial_conversation", "conversation"),
    "channels_select": Kind("selected_channel", "initial_channel", "channel"),
    "multi_users_select": Kind("selected_users", "initial_users", "user", many=True),
    "multi_conversations_select": Kind("selected_conversations", "initial_conversations", "conversation", many=True),
    "multi_channels_select": Kind("selected_channels", "initial_channels", "channel", many=True),
    "file_input": Kind("files", "initial_files", "file", many=True),
}


EXTERNAL = ("external_select", "multi_external_select")


@dataclass(frozen=True)
class Chooser:
    """Turns what a browser has into what Slack sends.

    `known` says whether an id exists, of a `user`, a `conversation` or a `channel`; `offered` are the options that
    external menus have suggested so far, by action_id.
    """

    known: Callable[[str, str], bool]
    offered: Mapping[str, Sequence[dict[str, Any]]] = field(default_factory=dict)

    def chosen(self, element: Element, raw: Raw) -> dict[str, Any]:
        """An element's entry of `state.values` for this raw value; empty and None clear it.

        Raises SlackError: action_not_found (it holds no value), option_not_found, invalid_value.
        """
        kind = KINDS.get(element["type"])
        if kind is None:
            raise SlackError("action_not_found")
        given = [raw] if isinstance(raw, str) else raw or []
        values = [self._one(kind, element, each) for each in given if each != ""]
        if not kind.many and len(values) > 1:
            raise SlackError("invalid_value")
        return entry(element, values if kind.many else next(iter(values), None))

    def _one(self, kind: Kind, element: Element, raw: str) -> Any:
        if kind.read == "option":
            return self._option(element, raw)
        if kind.read in ("user", "conversation", "channel") and not self.known(kind.read, raw):
            raise SlackError("option_not_found")
        if kind.read == "seconds":
            return _seconds(raw)
        if kind.read == "rich":
            return _rich(raw)
        return {"id": raw} if kind.read == "file" else raw

    def _option(self, element: Element, value: str) -> dict[str, Any]:
        suggested = self.offered.get(element["action_id"], ()) if element["type"] in EXTERNAL else ()
        return escaped(find_option([*options_of(element), *suggested], value))


def entry(element: Element, value: Any) -> dict[str, Any]:
    """An element's entry of `state.values` with this value."""
    return {"type": element["type"], KINDS[element["type"]].key: value}


def initial(element: Element) -> dict[str, Any]:
    """An element's entry of `state.values` before anybody touched it."""
    kind = KINDS[element["type"]]
    value = element.get(kind.initial)
    if kind.read == "option" and value:
        value = [escaped(option) for option in value] if kind.many else escaped(value)
    return entry(element, (value or []) if kind.many else value)


def initial_values(blocks: Sequence[dict[str, Any]]) -> Values:
    """`state.values` of blocks that nobody touched yet."""
    return carried({}, blocks)


def carried(values: Values, blocks: Sequence[dict[str, Any]]) -> Values:
    """`state.values` of new blocks: an element that was there before, by block_id and action_id, keeps its value."""
    kept: Values = {}
    for block in blocks:
        for element in interactive_elements(block):
            if element["type"] in KINDS:
                old = values.get(block["block_id"], {}).get(element["action_id"])
                kept.setdefault(block["block_id"], {})[element["action_id"]] = _carried(element, old)
    return kept


def _carried(element: Element, old: dict[str, Any] | None) -> dict[str, Any]:
    """The old entry where it still fits; of options, those that are still offered."""
    if old is None or old["type"] != element["type"]:
        return initial(element)
    kind = KINDS[element["type"]]
    if kind.read != "option" or element["type"] in EXTERNAL:
        return old
    offered = {option["value"] for option in options_of(element)}
    chosen = [option for option in (old[kind.key] if kind.many else [old[kind.key]]) if option]
    left = [option for option in chosen if option["value"] in offered]
    return entry(element, left if kind.many else next(iter(left), None))


def changed(values: Values, block_id: str, action_id: str, new: dict[str, Any]) -> Values:
    """The values with one entry replaced."""
    return values | {block_id: values.get(block_id, {}) | {action_id: new}}


def options_of(element: Element) -> list[dict[str, Any]]:
    """The options that an element offers or begins with, out of their groups."""
    groups = element.get("option_groups") or [element]
    begun = element.get("initial_options") or [element.get("initial_option")]
    listed = [option for group in groups for option in group.get("options") or ()]
    return listed + [option for option in begun if option]


def find_option(options: Sequence[dict[str, Any]], value: str | None) -> dict[str, Any]:
    """The option with this value; raises SlackError option_not_found."""
    for option in options:
        if option.get("value") == value:
            return option
    raise SlackError("option_not_found")


def escaped(option: dict[str, Any]) -> dict[str, Any]:
    """The option as Slack sends it back: `&`, `<` and `>` of its label as entities, its value as it was."""
    return option | {"text": option["text"] | {"text": escape_entities(option["text"]["text"])}}


def _seconds(raw: str) -> int:
    if not raw.isdecimal():
        raise SlackError("invalid_value")
    return int(raw)


def _rich(text: str) -> dict[str, Any]:
    words = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [words]}

"""What Slack's client refuses in a modal's inputs before anything is sent."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any

from demo.slack import limits
from demo.slack.blocks.check import interactive_elements
from demo.slack.states import KINDS, Chooser, Element, Raw, Values

Inputs = Mapping[str, Mapping[str, Raw]]
REQUIRED = "Please complete this required field."
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(\.\d+)?|-?\.\d+")


def read_inputs(blocks: list[dict[str, Any]], before: Values, inputs: Inputs, chooser: Chooser) -> Values:
    """The state after a person filled `inputs` in; what they left out keeps its value.

    Raises SlackError: action_not_found for an input that is not there, option_not_found, invalid_value.
    """
    elements = elements_of(blocks)
    values = {block_id: dict(entries) for block_id, entries in before.items()}
    for block_id, raws in inputs.items():
        for action_id, raw in raws.items():
            element = elements.get((block_id, action_id), {"type": "none"})
            values.setdefault(block_id, {})[action_id] = chooser.chosen(element, raw)
    return values


def elements_of(blocks: list[dict[str, Any]]) -> dict[tuple[str, str], Element]:
    """Every interactive element by its block's id and its own."""
    return {(block["block_id"], each["action_id"]): each for block in blocks for each in interactive_elements(block)}


def refused(blocks: list[dict[str, Any]], values: Values) -> dict[str, str]:
    """What the client shows at inputs that it does not let pass, by block_id."""
    errors: dict[str, str] = {}
    for block in blocks:
        if block["type"] == "input" and block["element"]["type"] in KINDS:
            element = block["element"]
            value = values[block["block_id"]][element["action_id"]][KINDS[element["type"]].key]
            if message := _message(block, element, value):
                errors[block["block_id"]] = message
    return errors


def _message(block: dict[str, Any], element: Element, value: Any) -> str | None:
    if value in (None, "", []):
        return None if block.get("optional") else REQUIRED
    return next(_problems(element, value), None)


def _problems(element: Element, value: Any) -> Iterator[str]:
    """Why the value does not fit, the first thing first."""
    match element["type"]:
        case "plain_text_input":
            yield from _length(element, value)
        case "number_input":
            yield from _number(element, value)
        case "email_text_input" if not _EMAIL.fullmatch(value):
            yield "Please enter a valid email address."
        case "url_text_input" if not _URL.fullmatch(value):
            yield "Please enter a valid URL."
        case "datepicker" if not _parses(date.fromisoformat, value):
            yield "Please enter a valid date."
        case "timepicker" if not _parses(time.fromisoformat, value):
            yield "Please enter a valid time."
        case _ if len(value if isinstance(value, list) else "") > element.get("max_selected_items", 100):
            yield f"Please select at most {element['max_selected_items']} items."


def _length(element: Element, value: str) -> Iterator[str]:
    least, most = element.get("min_length", 0), element.get("max_length", limits.INPUT_TEXT)
    if len(value) < least:
        yield f"Please enter at least {least} characters."
    if len(value) > most:
        yield f"Please enter no more than {most} characters."


def _number(element: Element, value: str) -> Iterator[str]:
    if not _NUMBER.fullmatch(value):
        yield "Please enter a number."
        return
    if "." in value and not element["is_decimal_allowed"]:
        yield "Please enter a whole number."
    if "min_value" in element and float(value) < float(element["min_value"]):
        yield f"Please enter a number greater than or equal to {element['min_value']}."
    if "max_value" in element and float(value) > float(element["max_value"]):
        yield f"Please enter a number less than or equal to {element['max_value']}."


def _parses(read: Any, text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True

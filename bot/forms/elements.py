"""Slack's input elements, and what a person gave in one: what it begins with, and what its state holds. Pure.

An answer is None for an empty input, else a text, an option's key, the keys of several, or seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import ceil, floor
from typing import Any, TypeAlias

from bot.domain import Parameter
from bot.forms.kinds import types
from bot.forms.options import Option
from bot.forms.texts import clean, decimal
from bot.messages import limits

Element: TypeAlias = dict[str, Any]
Answer: TypeAlias = "str | int | tuple[str, ...] | None"

_RADIO = 3  # options; more of them make a menu
_VALUES = ("value", "selected_date", "selected_time", "selected_date_time")
_INITIAL = ("initial_value", "initial_date", "initial_time", "initial_date_time")


# ---- what an element looks like -----------------------------------------------------------------------------------


def text_input(action: str, text: str, *, multiline: bool) -> Element:
    """A line or more of text; one that is too long to be shown is left out."""
    shown = "" if too_long(text) else clean(text)
    element = {"type": "plain_text_input", "action_id": action, "multiline": multiline or "\n" in text}
    return element | ({"initial_value": shown} if shown else {})


def too_long(text: str) -> bool:
    """Is it more than an input of Slack's shows?"""
    return len(text) > limits.CHARACTERS["typed"]


def number_input(action: str, parameter: Parameter, value: Any) -> Element | None:
    """A number with its bounds; None where the value is one that such an input can't show."""
    whole = "number" not in types(parameter)
    text = decimal(value)
    if value is not None and (text is None or (whole and Decimal(text) % 1)):
        return None
    begun = text and (str(int(Decimal(text))) if whole else text)
    element = {"type": "number_input", "action_id": action, "is_decimal_allowed": not whole}
    element |= _bounds(parameter.rule, begun, whole=whole)
    return element | ({"initial_value": begun} if begun else {})


def _bounds(rule: Mapping[str, Any], begun: str | None, *, whole: bool) -> dict[str, str]:
    """`minimum` and `maximum` as Slack's own, unless the number stands outside, which Slack would refuse to show.

    The exclusive ones are held when the form comes back.
    """
    low, high = decimal(rule.get("minimum")), decimal(rule.get("maximum"))
    if whole:
        low, high = low and str(ceil(Decimal(low))), high and str(floor(Decimal(high)))
    in_order = [Decimal(each) for each in (low, begun, high) if each]
    if in_order != sorted(in_order):
        return {}
    return {name: bound for name, bound in (("min_value", low), ("max_value", high)) if bound}


def menu(action: str, options: Sequence[Option], begun: Option | None) -> Element:
    """One of the options: in sight where they are few, suggested while typing where a menu can't hold them."""
    first = {"initial_option": begun.for_slack()} if begun else {}
    if suggested(options):
        return {"type": "external_select", "action_id": action, "min_query_length": 0, **first}
    kind = "radio_buttons" if _is_boolean(options) else "static_select"
    return {"type": kind, "action_id": action, "options": [each.for_slack() for each in options], **first}


def _is_boolean(options: Sequence[Option]) -> bool:
    return {True, False} <= {each.value for each in options if isinstance(each.value, bool)} and len(options) <= _RADIO


def multi_menu(action: str, options: Sequence[Option], begun: Sequence[Option], most: Any = None) -> Element:
    """Several of the options, at most as many as `most` says."""
    first: Element = {"initial_options": [each.for_slack() for each in begun]} if begun else {}
    if isinstance(most, int) and not isinstance(most, bool) and most >= max(1, len(begun)):
        first["max_selected_items"] = most
    if suggested(options):
        return {"type": "multi_external_select", "action_id": action, "min_query_length": 0, **first}
    offered = [each.for_slack() for each in options]
    return {"type": "multi_static_select", "action_id": action, "options": offered, **first}


def suggested(options: Sequence[Option]) -> bool:
    """Are the options too many, or their labels too long, to stand in a menu?"""
    longest = limits.CHARACTERS["option"]
    return len(options) > limits.OPTIONS or any(len(option.label) > longest for option in options)


def picker(kind: str, action: str, begun: str | int | None) -> Element:
    """A `datepicker`, `timepicker` or `datetimepicker`."""
    name = {"datepicker": "initial_date", "timepicker": "initial_time", "datetimepicker": "initial_date_time"}[kind]
    return {"type": kind, "action_id": action, **({name: begun} if begun is not None else {})}


# ---- what is in it ------------------------------------------------------------------------------------------------


def begins_with(element: Element) -> Answer:
    """The answer that an untouched element gives."""
    return _answer(element, _INITIAL, "initial_option")


def given(entry: Mapping[str, Any]) -> Answer:
    """The answer in an element's entry of `view.state.values`."""
    return _answer(entry, _VALUES, "selected_option")


def _answer(held: Mapping[str, Any], names: Sequence[str], option: str) -> Answer:
    if one := held.get(option):
        key: str = one["value"]
        return key
    if several := held.get(f"{option}s"):
        return tuple(each["value"] for each in several)
    found: str | int | None = next((held[name] for name in names if held.get(name) is not None), None)
    return (found.replace("\r\n", "\n") or None) if isinstance(found, str) else found


def unchanged(before: Answer, after: Answer) -> bool:
    """Is it the same answer? A picker has no seconds, and nobody orders a menu's choices."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        return set(before) == set(after)
    if isinstance(before, int) and isinstance(after, int):
        return after in (before, before - before % 60)
    return before == after

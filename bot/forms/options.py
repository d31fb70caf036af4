"""What a person may choose from: each option with a key that names its JSON value, whatever its label. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from bot.domain import Parameter
from bot.forms.kinds import CHOSEN, Kind, items, kind_of, nullable, proposals
from bot.forms.texts import blank, clean, dump
from bot.messages import limits
from bot.messages.markup import fit
from bot.parameters.paramwords import typed
from bot.parameters.schemas import entries

_BOOLEANS = {"true": "Yes", "false": "No", "null": "Neither"}


class Option(NamedTuple):
    """A value to choose. `label` is whole, however long; `about` tells it from options that look alike."""

    key: str
    label: str
    value: Any
    about: str = ""

    def for_slack(self) -> dict[str, Any]:
        """As an option of Slack's, its label shortened."""
        most = limits.CHARACTERS["option"]
        found = {"text": _plain(fit(self.label, most)), "value": self.key}
        return found | ({"description": _plain(fit(self.about, most))} if self.about else {})


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def key_of(value: Any) -> str:
    """A value's JSON, or a digest of it where that is longer than Slack takes."""
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= limits.CHARACTERS["key"] else f"#{sha256(text.encode()).hexdigest()}"


def options_of(parameter: Parameter) -> list[Option]:
    """All that the parameter's field offers, each value once; nothing for a field that isn't chosen from."""
    kind = kind_of(parameter)
    if kind not in CHOSEN:
        return []
    values = {key_of(value): value for value in _values(parameter, kind)}
    labels = _labels(parameter)
    return _told_apart([Option(key, _label(value, key, labels), value) for key, value in values.items()])


def _values(parameter: Parameter, kind: Kind) -> list[Any]:
    if kind is Kind.SOME:
        return entries(items(parameter.rule), "enum")
    if kind is Kind.ONE:
        return entries(parameter.rule, "enum") or [True, False, *([None] if nullable(parameter) else [])]
    return proposals(parameter)


def _labels(parameter: Parameter) -> Mapping[str, Any]:
    """`values_display`, by the value as text; Airflow writes the keys of other types in one of several ways."""
    found = parameter.rule.get("values_display")
    shown = found if isinstance(found, Mapping) else {}
    return shown if entries(parameter.rule, "enum") or kind_of(parameter) is not Kind.ONE else {**_BOOLEANS, **shown}


def _label(value: Any, key: str, labels: Mapping[str, Any]) -> str:
    found = next((labels[name] for name in (typed(value), key, str(value)) if name in labels), None)
    label = clean(" ".join(str(typed(value) if found is None else found).split()))
    return (blank(value) if value in ("", None) else dump(value)) if not label.strip() else label


def _told_apart(options: list[Option]) -> list[Option]:
    """The end of a label that is too long, and the value where two options have one label."""
    most = limits.CHARACTERS["option"]
    alike = Counter(fit(option.label, most) for option in options)
    return [option._replace(about=_about(option, most, alike)) for option in options]


def _about(option: Option, most: int, alike: Counter[str]) -> str:
    if len(option.label) > most and alike[fit(option.label, most)] == 1:
        return "…" + option.label[1 - most :]
    return clean(dump(option.value)) if alike[fit(option.label, most)] > 1 else ""


def chosen(options: Iterable[Option], value: Any) -> Option | None:
    """The option of this value; 1.0 finds 1, but true doesn't."""
    listed = list(options)
    exact = [option for option in listed if option.key == key_of(value)]
    equal = [each for each in listed if each.value == value and isinstance(each.value, bool) == isinstance(value, bool)]
    return next(iter([*exact, *equal]), None)

"""What stands around a field: its label, what it is for, what it takes. Pure."""

from __future__ import annotations

from typing import NamedTuple

from bot.domain import Parameter
from bot.forms.fields import Field, Input
from bot.forms.kinds import Kind, items
from bot.forms.markdown import mrkdwn
from bot.forms.texts import clean
from bot.messages.markup import Markup
from bot.parameters.paramwords import allowed, show
from bot.parameters.schemas import kinds

_BOUNDS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}


class Labelled(NamedTuple):
    """An input with its words. An empty hint is none."""

    input: Input
    label: str
    hint: str


class Shown(NamedTuple):
    """A field as a page shows it: what it is for, what of its value isn't shown, and its inputs."""

    about: Markup
    kept: str
    inputs: list[Labelled]


def shown(field: Field) -> Shown:
    """The field with all its words."""
    about = _text(field.parameter, "description_md")
    hint = " ".join(filter(None, ["" if about else _sentence(clean(field.parameter.description)), _takes(field)]))
    label = label_of(field.parameter)
    inputs = [
        Labelled(each, f"{label}: {_other(field)}" if each.part else label, "" if each.part else hint)
        for each in field.inputs
    ]
    return Shown(mrkdwn(about), field.kept if field.unseen else "", inputs)


def label_of(parameter: Parameter) -> str:
    """Its title, or its name."""
    return _text(parameter, "title") or clean(parameter.name)


def section_of(parameter: Parameter) -> str:
    """The section that it stands in; empty where in none."""
    return _text(parameter, "section")


def constant(field: Field) -> str:
    """A line for what isn't asked."""
    if field.kind is Kind.FIXED:
        return f"{label_of(field.parameter)} is always {show(field.value)}."
    stays = "it keeps its value" if field.known else "start this model in Airflow to give it"
    return f"{label_of(field.parameter)} is a secret and not asked in Slack: {stays}."


def _text(parameter: Parameter, name: str) -> str:
    found = parameter.rule.get(name)
    return clean(found).strip() if isinstance(found, str) else ""


def _sentence(text: str) -> str:
    """The text, ended with a stop if something follows it."""
    text = text.strip()
    return text if not text or text[-1] in ".!?:…" else f"{text}."


def _other(field: Field) -> str:
    return "others, one a line" if field.kind is Kind.MORE else "another value"


def _takes(field: Field) -> str:
    """What the field takes, where its input doesn't say so by itself."""
    parameter, rule = field.parameter, field.parameter.rule
    match field.kind:
        case Kind.NUMBER if _BOUNDS & rule.keys():
            return f"Takes {allowed(parameter)}."
        case Kind.TEXT if rule.get("format") == "duration":
            return "A duration, such as PT15M or P1D."
        case Kind.TEXT:
            return _length(parameter)
        case Kind.LIST:
            return "As JSON." if {"object", "array"} & set(kinds(items(rule))) else "One a line."
        case Kind.OBJECT:
            return "As JSON."
        case Kind.PROPOSED:
            return "Choose one, or write another below."
        case Kind.MORE:
            return "Choose some, or write others below."
        case Kind.ANY:
            return f"Takes {allowed(parameter)}."
        case _:
            return ""


def _length(parameter: Parameter) -> str:
    least, most = parameter.rule.get("minLength"), parameter.rule.get("maxLength")
    if isinstance(least, int) and isinstance(most, int):
        return f"{least} to {most} characters."
    if isinstance(least, int) and least > 0:
        return f"At least {least} {'character' if least == 1 else 'characters'}."
    return f"At most {most} characters." if isinstance(most, int) else ""

"""What of a request goes beyond what a model's owners let others do. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jsonschema.exceptions import ValidationError

from bot.domain import Pipeline
from bot.messages.phrases import listed
from bot.parameters.paramwords import show
from bot.parameters.schemas import errors

if TYPE_CHECKING:  # the configuration is no part of what is pure
    from bot.settings.config import ModelConfig


class Breach(NamedTuple):
    """One thing that only owners may do, and what was asked for: "change n_estimators above 500", "2000"."""

    doing: str
    asked: str


def breaches(
    model: ModelConfig, pipeline: Pipeline, conf: Mapping[str, Any], *, compute: str = "", ref: str = ""
) -> list[Breach]:
    """What of these values, this compute profile and this git ref the model's terms leave to its owners."""
    return [*_machine(model, compute), *_ref(model, ref), *_params(model, pipeline, conf)]


def in_words(found: list[Breach], who: str = "you") -> str:
    """ "change n_estimators above 500 (you asked for 2000)"."""
    return listed([f"{each.doing} ({who} asked for {each.asked})" for each in found])


def left_to_others(model: ModelConfig, name: str) -> str:
    """What others than the owners may do with a parameter, in words; empty where that is whatever the DAG takes."""
    if model.contract is None:
        return ""
    if name not in model.contract.params:
        return "owners only"
    return " and ".join(f"others not {_beyond(key, bound)}" for key, bound in model.contract.params[name].items())


def _machine(model: ModelConfig, compute: str) -> Iterator[Breach]:
    if compute and compute not in model.compute:
        yield Breach("choose this machine" if model.compute else "choose a machine", compute)


def _ref(model: ModelConfig, ref: str) -> Iterator[Breach]:
    if ref and model.contract is not None and not any(_alike(pattern, ref) for pattern in model.contract.refs):
        usual = listed(list(model.contract.refs))
        yield Breach(f"train other code than {usual}" if usual else "choose the code", ref)


def _alike(pattern: str, ref: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, re.split(r"\*+", pattern))), ref) is not None


def _params(model: ModelConfig, pipeline: Pipeline, conf: Mapping[str, Any]) -> Iterator[Breach]:
    if model.contract is None:
        return
    for name, value in conf.items():
        parameter = pipeline.parameter(name)
        if parameter is None or (not parameter.required and _same(value, parameter.default)):
            continue
        bounds = model.contract.params.get(name)
        if bounds is None and not parameter.required:  # what has to be given has no default to be changed from
            yield Breach(f"change {name}", show(value))
        elif bounds and (found := errors(bounds, value)):
            yield Breach(f"change {name} {_broken(found[0])}", show(value))


def _same(value: Any, default: Any) -> bool:
    """As JSON has it: true is not 1."""
    return isinstance(value, bool) == isinstance(default, bool) and value == default


def _broken(error: ValidationError) -> str:
    return _beyond(str(error.validator), error.validator_value)


def _beyond(rule: str, bound: Any) -> str:
    """What lies beyond a bound: "above 500"."""
    match rule:
        case "minimum":
            return f"below {show(bound)}"
        case "exclusiveMinimum":
            return f"to {show(bound)} or below"
        case "maximum":
            return f"above {show(bound)}"
        case "exclusiveMaximum":
            return f"to {show(bound)} or above"
        case "enum":
            return f"to other than {' or '.join(map(show, bound))}"
        case "multipleOf":
            return f"to other than multiples of {show(bound)}"
        case "minLength" | "maxLength":
            return f"to {'less' if rule == 'minLength' else 'more'} than {bound} characters"
        case "minItems" | "maxItems":
            return f"to {'less' if rule == 'minItems' else 'more'} than {bound} entries"
        case "pattern":
            return f"to a text that doesn't match {show(bound)}"
        case _:
            return "to this"

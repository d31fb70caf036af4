"""What of a request is left to a model's owners."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain import Parameter, Pipeline
from bot.launching.contract import Breach, breaches, in_words, left_to_others
from bot.settings.config import ModelConfig

PIPELINE = Pipeline(
    dag_id="d",
    parameters=(
        Parameter(name="n_estimators", rule={"type": "integer"}, default=100),
        Parameter(name="rate", rule={"type": "number"}, default=0.05),
        Parameter(name="fast", rule={"type": "boolean"}, default=False),
        Parameter(name="kind", rule={"type": "string"}, default="a"),
        Parameter(name="tags", rule={"type": "array"}, default=[]),
        Parameter(name="label", rule={"type": "string"}, required=True),
    ),
)


def model(**terms: Any) -> ModelConfig:
    return ModelConfig.model_validate(terms)


def found(params: dict[str, Any], **conf: Any) -> list[Breach]:
    return breaches(model(contract={"params": params}), PIPELINE, conf)


def test_without_a_contract_others_may_change_everything() -> None:
    """The DAG's own bounds hold, and no others."""
    assert breaches(model(), PIPELINE, {"n_estimators": 9_999, "kind": "z"}, ref="any") == []


def test_a_value_beyond_a_bound_is_named_with_both() -> None:
    """What only owners may do, and what was asked for."""
    beyond = found({"n_estimators": {"maximum": 500}}, n_estimators=2000)
    assert in_words(beyond) == "change n_estimators above 500 (you asked for 2000)"
    assert found({"n_estimators": {"maximum": 500}}, n_estimators=500) == []


def test_what_is_not_named_may_not_be_changed() -> None:
    """Default deny; but a default that is given again is no change, and what has no default must be given."""
    assert found({}, kind="b") == [Breach("change kind", "b")]
    assert found({}, kind="a", n_estimators=100, fast=False, label="x") == []
    assert found({}, n_estimators=True) == [Breach("change n_estimators", "true")]
    assert found({"label": {"maxLength": 3}}, label="long") == [
        Breach("change label to more than 3 characters", "long")
    ]


@pytest.mark.parametrize(
    ("bound", "value", "doing"),
    [
        ({"minimum": 10}, 9, "change n_estimators below 10"),
        ({"exclusiveMinimum": 10}, 10, "change n_estimators to 10 or below"),
        ({"exclusiveMaximum": 10}, 10, "change n_estimators to 10 or above"),
        ({"enum": [1, 2]}, 3, "change n_estimators to other than 1 or 2"),
        ({"multipleOf": 5}, 7, "change n_estimators to other than multiples of 5"),
    ],
)
def test_every_bound_has_its_words(bound: dict[str, Any], value: Any, doing: str) -> None:
    """As a person would say what they may not."""
    assert found({"n_estimators": bound}, n_estimators=value) == [Breach(doing, str(value))]


def test_texts_and_lists_have_bounds_too() -> None:
    """Their length, their pattern, their entries."""
    assert found({"kind": {"pattern": "^[ab]$"}}, kind="c")[0].doing.startswith("change kind to a text that doesn't")
    assert found({"kind": {"minLength": 2}}, kind="c")[0].doing == "change kind to less than 2 characters"
    assert found({"tags": {"maxItems": 1}}, tags=["x", "y"])[0].doing == "change tags to more than 1 entries"
    assert found({"tags": {"items": {"enum": ["x"]}}}, tags=["y"])[0].doing == "change tags to other than x"


def test_another_machine_is_the_owners_to_choose() -> None:
    """One of the model's own is not."""
    terms = model(compute=["cpu", "gpu"])
    assert breaches(terms, PIPELINE, {}, compute="gpu") == []
    assert breaches(terms, PIPELINE, {}, compute="huge") == [Breach("choose this machine", "huge")]
    assert breaches(model(), PIPELINE, {}, compute="gpu") == [Breach("choose a machine", "gpu")]


def test_other_code_is_the_owners_to_choose() -> None:
    """A contract that names no refs leaves none to others; a star stands for any characters."""
    assert breaches(model(contract={}), PIPELINE, {}, ref="main") == [Breach("choose the code", "main")]
    some = model(contract={"refs": ["main", "release/*"]})
    assert breaches(some, PIPELINE, {}, ref="release/2026.11") == []
    assert breaches(some, PIPELINE, {}, ref="mainly") == [Breach("train other code than main and release/*", "mainly")]


def test_all_of_it_is_told_at_once() -> None:
    """Nobody has to ask once a mistake."""
    terms = model(compute=["cpu"], contract={"params": {"n_estimators": {"maximum": 5}}})
    beyond = breaches(terms, PIPELINE, {"n_estimators": 9, "kind": "b"}, compute="gpu", ref="x")
    assert in_words(beyond) == (
        "choose this machine (you asked for gpu), choose the code (you asked for x), change n_estimators above 5 "
        "(you asked for 9) and change kind (you asked for b)"
    )


def test_a_reader_sees_what_is_left_to_others() -> None:
    """Beside what the DAG takes."""
    terms = model(contract={"params": {"n_estimators": {"minimum": 1, "maximum": 500}, "rate": {}}})
    assert left_to_others(terms, "n_estimators") == "others not below 1 and others not above 500"
    assert left_to_others(terms, "rate") == ""
    assert left_to_others(terms, "kind") == "owners only"
    assert left_to_others(model(), "kind") == ""

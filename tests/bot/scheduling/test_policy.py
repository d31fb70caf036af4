"""Whether a schedule still fits: each rule by itself, and which comes first."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.access import Role
from bot.domain import Parameter, Pipeline
from bot.launching.budget import Balance
from bot.launching.price import Quote
from bot.scheduling.policy import Kind, Standing, misfit
from bot.settings.config import ModelConfig
from bot.settings.terms import Profile

PIPELINE = Pipeline(dag_id="d", parameters=(Parameter(name="n", rule={"type": "integer", "maximum": 100}, default=10),))
FITS = Standing(
    model="delays",
    contract=ModelConfig.model_validate({"compute": ["small"], "contract": {"params": {"n": {"maximum": 50}}}}),
    pipeline=PIPELINE,
    owner="Dana",
    member=True,
    roles={Role.RUNNER},
    machines={"small": Profile(backend="local", price=Decimal(1)), "big": Profile(backend="local", price=Decimal(9))},
)
QUOTE = Quote("small", 3_600_000, "USD", time_limit=1)  # a thousandth of a dollar is reserved
EMPTY = Balance("person:U1", 1_000_000, 1_000_000, "USD")


def test_one_that_fits_is_left_alone() -> None:
    """Within the contract, by someone who may, with room in the budget."""
    full = replace(FITS, quote=QUOTE, balances=[replace(EMPTY, spent=0)])
    assert misfit({"n": 50}, "small", full) is None


@pytest.mark.parametrize(
    ("changes", "conf", "compute", "kind", "why"),
    [
        ({"member": False}, {}, "small", Kind.LEFT, "Dana, whose it is, is in this workspace no longer"),
        ({"roles": {Role.VIEWER}}, {}, "small", Kind.RIGHT, "Dana may not schedule runs of delays"),
        ({"roles": ()}, {}, "small", Kind.RIGHT, "Dana may not schedule runs of delays"),
        ({}, {"n": 51}, "small", Kind.CONTRACT, "only owners of delays may change n above 50 (it asked for 51)"),
        ({}, {}, "big", Kind.CONTRACT, "only owners of delays may choose this machine (it asked for big)"),
        ({}, {"n": 101}, "small", Kind.PARAMS, "n=101 is too large"),
        ({}, {"m": 1}, "small", Kind.PARAMS, "I don't know the parameter “m”"),
        ({}, {}, "gone", Kind.PARAMS, "I don't know the compute profile “gone”"),
        ({"quote": QUOTE, "balances": [EMPTY]}, {}, "small", Kind.BUDGET, "with nothing of $1 left this month"),
    ],
)
def test_what_no_longer_fits_is_named(
    changes: dict[str, Any], conf: dict[str, Any], compute: str, kind: Kind, why: str
) -> None:
    """Its kind, and why as the end of a sentence."""
    found = misfit(conf, compute, replace(FITS, **changes))
    assert found
    assert found.kind == kind
    assert why in found.why


def test_owners_are_free_of_the_contract() -> None:
    """But not of what the DAG takes."""
    owner = replace(FITS, roles={Role.OWNER})
    assert misfit({"n": 99}, "big", owner) is None
    found = misfit({"n": 101}, "big", owner)
    assert found
    assert found.kind is Kind.PARAMS


def test_what_airflow_never_told_is_not_judged() -> None:
    """Without the DAG's parameters nothing is said of them: the bot has just started."""
    assert misfit({"n": 9_999}, "small", replace(FITS, pipeline=None)) is None


def test_a_free_run_fits_an_empty_budget() -> None:
    """What costs nothing needs no room."""
    assert misfit({}, "small", replace(FITS, quote=Quote("small", 0, "USD"), balances=[EMPTY])) is None

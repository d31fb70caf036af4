"""Does a schedule still fit today's policy? Pure: its owner, its model and the budgets in; why it doesn't, out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.access import Right, Role, decide
from bot.errors import Refusal
from bot.launching.budget import Balance
from bot.launching.compute import chosen
from bot.launching.contract import breaches, in_words
from bot.parameters.params import check_conf

if TYPE_CHECKING:  # the configuration and the catalogue are no part of what is pure
    from bot.domain import Pipeline
    from bot.launching.price import Quote
    from bot.settings.config import ModelConfig
    from bot.settings.terms import Profile


class Kind(StrEnum):
    """What no longer fits. Of LEFT the model's owners decide; of all else the schedule is paused."""

    LEFT = "left"  # the owner is a member of the workspace no longer
    RIGHT = "right"
    CONTRACT = "contract"
    PARAMS = "params"
    BUDGET = "budget"


class Misfit(NamedTuple):
    """Why a schedule no longer fits, as the end of a sentence."""

    kind: Kind
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand for one schedule: its model, its owner, what a run may cost and what is left to pay it from.

    Without a `pipeline` (Airflow was never read) its parameters are not judged.
    """

    model: str
    contract: ModelConfig
    pipeline: Pipeline | None
    owner: str
    member: bool
    roles: Collection[Role]
    machines: Mapping[str, Profile]
    quote: Quote | None = None
    balances: Sequence[Balance] = ()


def misfit(conf: Mapping[str, Any], compute: str, now: Standing) -> Misfit | None:
    """What no longer fits of a schedule with this conf, on this machine: the first thing; None where all does."""
    if not now.member:
        return Misfit(Kind.LEFT, f"{now.owner}, whose it is, is in this workspace no longer")
    if not decide(Right.SCHEDULE, now.roles, now.model, own=True).allowed:
        return Misfit(Kind.RIGHT, f"{now.owner} may not schedule runs of {now.model}")
    return _unfit(conf, compute, now) or _beyond(conf, compute, now) or _too_dear(now)


def _beyond(conf: Mapping[str, Any], compute: str, now: Standing) -> Misfit | None:
    """Beyond what the owners let others do: judged for those whom the contract binds."""
    if now.pipeline is None:
        return None
    found = breaches(now.contract, now.pipeline, conf, compute=compute)
    if decide(Right.SCHEDULE, now.roles, now.model, own=True, in_contract=not found).allowed:
        return None
    return Misfit(Kind.CONTRACT, f"only owners of {now.model} may {in_words(found, 'it')}")


def _unfit(conf: Mapping[str, Any], compute: str, now: Standing) -> Misfit | None:
    try:
        chosen(now.model, now.contract.compute, now.machines, compute)
        if now.pipeline is not None:
            check_conf(now.model, now.pipeline, conf)
    except Refusal as error:
        return Misfit(Kind.PARAMS, error.sentence.rstrip("."))
    return None


def _too_dear(now: Standing) -> Misfit | None:
    if now.quote is None:
        return None
    short = next((each for each in now.balances if not each.fits(now.quote.reserve)), None)
    if short is None:
        return None
    costs = f"a run may cost {now.quote.held}" if now.quote.reserve else "nobody knows yet what a run costs"
    return Misfit(Kind.BUDGET, f"{costs}, with {short.words(now.model)}")

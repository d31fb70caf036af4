"""The section `promotion` of a model: what a version has to show, who decides, and what happens then."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from bot.conversation.words import nearest
from bot.errors import shorten
from bot.settings.terms import Member, Seconds, Section

DAY = 86_400
MOST_APPROVALS = 10

RoleName = Literal["runner", "owner", "approver", "admin"]


def _number(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise ValueError(f"“{shorten(str(given), 40)}” is not a number, such as 0.65")
    return float(given)


def _distance(given: object) -> float:
    if (number := _number(given)) < 0:
        raise ValueError(f"“{shorten(str(given), 40)}” is below 0; it says how far, whichever way is better")
    return number


Number = Annotated[float, BeforeValidator(_number)]
Distance = Annotated[float, BeforeValidator(_distance)]  # of a metric from the champion's, 0 or more


class MetricGate(Section):
    """What one metric has to be. `max_drop` and `min_gain` are against the champion, in the better direction."""

    at_least: Number | None = None
    at_most: Number | None = None
    max_drop: Distance | None = None
    min_gain: Distance | None = None

    @model_validator(mode="after")
    def _can_be_met(self) -> MetricGate:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least:g} is above at_most {self.at_most:g}, so nothing would pass")
        return self


class Promotion(Section):
    """How a version of the model gets to hold an alias."""

    gates: dict[str, MetricGate] = {}  # by metric
    required_tags: dict[str, str | None] = {}  # of the version or its MLflow run; null takes any value
    min_rows: Annotated[int, Field(ge=1)] | None = None  # of evaluation data
    approvers: tuple[Member, ...] | None = None  # instead of the workspace's approvers
    approvals: Annotated[int, Field(ge=1, le=MOST_APPROVALS)] = 1
    four_eyes: bool = True  # who trained or proposed a version can't approve it
    expires: Seconds = 7 * DAY
    remind: Seconds = DAY  # before it expires
    override: tuple[RoleName, ...] = ()  # who may promote though a gate failed, with a reason
    deploy: str = ""  # the id of the DAG that deploys what holds the alias
    copy_to: str = ""  # another registered model, which gets the version too
    rollback: tuple[RoleName, ...] = ("owner", "admin")
    propose: Literal["ask", "auto"] = "ask"  # auto: a version whose gates all pass is proposed by itself

    @model_validator(mode="after")
    def _reminds_in_time(self) -> Promotion:
        if "remind" in self.model_fields_set and self.remind >= self.expires:
            raise ValueError("remind has to be less than expires: it says how long before the end")
        return self

    @field_validator("deploy", "copy_to")
    @classmethod
    def _no_blanks_around(cls, name: str) -> str:
        return name.strip()


def check_directions(promotion: Promotion, metrics: Collection[str]) -> None:
    """ValueError where a gate compares with the champion, and nobody said which way its metric is better."""
    for name, gate in promotion.gates.items():
        compares = gate.max_drop is not None or gate.min_gain is not None
        if compares and name not in metrics:
            meant = nearest(name, metrics, most=1)
            also = f" Did you mean {meant[0]}?" if meant else ""
            raise ValueError(
                f"the gate of {shorten(name, 40)} compares with the champion, so metrics has to say whether higher or "
                f"lower is better.{also}"
            )

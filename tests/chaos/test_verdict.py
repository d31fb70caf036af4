"""What the count calls lost, and what done twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bot.domain import Run, RunState
from tests.chaos.people import Request
from tests.chaos.verdict import Promoted, Remains, accepted, lost, name, twice

RUN = Run(dag_id="train_delays", run_id="slack__1", state=RunState.RUNNING)
OVER = RUN.model_copy(update={"state": RunState.FAILED})
ASKED = Request("run", "run-00001", acked=True, accepted=True)
END = (name(RUN), "<@U0DANA> your run of delays failed at prepare.")
WELL = Remains(
    runs={"run-00001": [RUN]},
    stops=Counter(),
    clears=Counter(),
    overruled=Counter(),
    cards=Counter({"run-00001": 1}),
    shares=Counter(),
    replies=Counter(),
    resent=0,
    ends={},
    moves=Counter(),
    deploys=Counter(),
    shared=frozenset(),
    verdicts={},
    promotions={},
    dead=(),
    live=(),
)
STUCK = {"promotions": {"promote-00003": Promoted("approved", "delays v2", "")}}
DONE: dict[str, Any] = {
    "promotions": {"promote-00003": Promoted("done", "delays v2", "")},
    "moves": Counter({"delays v2": 1}),
    "deploys": Counter({"delays v2": 1}),
    "replies": Counter({("promote-00003", "<@U0DANA> delays v2 is in production and deployed."): 1}),
}


def test_a_run_with_its_card_is_neither() -> None:
    """Accepted once, started once, shown once."""
    assert accepted([ASKED], WELL) == [ASKED]
    assert not [*lost([ASKED], WELL), *twice([ASKED], WELL)]


def test_what_was_not_acknowledged_may_or_may_not_have_been_done() -> None:
    """The person was told that it failed: once or never, but not twice."""
    silent = Request("run", "run-00001")
    for runs in ({}, WELL.runs):
        left = replace(WELL, runs=runs)
        assert not [*accepted([silent], left), *lost([silent], left), *twice([silent], left)]
    assert list(twice([silent], replace(WELL, runs={"run-00001": [RUN, RUN]})))


@pytest.mark.parametrize(
    ("requests", "changes"),
    [
        ([ASKED], {"runs": {}}),
        ([ASKED], {"cards": Counter()}),
        ([Request("run", "run-00001")], {"cards": Counter()}),
        ([Request("ask", "ask-00002", acked=True, accepted=True)], {}),
        ([Request("agree", "ask-00002", acked=True)], {"verdicts": {"agreed": frozenset({"ask-00002"})}}),
        ([Request("cancel", name(RUN), acked=True, accepted=True)], {}),
        ([Request("retry", name(RUN), acked=True, accepted=True)], {}),
        ([Request("share", name(RUN), acked=True)], {"shared": frozenset({name(RUN)})}),
        ([], {"runs": {"run-00001": [OVER]}, "ends": {name(RUN): 1}}),
        ([], {"ends": {name(RUN): 2}, "replies": Counter([END])}),
        ([], {"dead": ["a job"]}),
        ([Request("promote", "promote-00003", acked=True, accepted=True)], {}),
        ([], STUCK),
        ([], DONE | {"moves": Counter()}),
        ([], DONE | {"deploys": Counter()}),
        ([], DONE | {"replies": Counter()}),
    ],
    ids=[
        "run",
        "card",
        "card unasked",
        "question",
        "agreed",
        "cancel",
        "retry",
        "share",
        "end",
        "second end",
        "dead",
        "request to promote",
        "stuck",
        "alias",
        "deployment",
        "told of the deployment",
    ],
)
def test_lost(requests: list[Request], changes: dict[str, Any]) -> None:
    """Each effect that is missing is one loss."""
    assert len(list(lost(requests, replace(WELL, **changes)))) == 1


@pytest.mark.parametrize(
    ("requests", "changes"),
    [
        ([ASKED], {"runs": {"run-00001": [RUN, RUN]}}),
        ([ASKED], {"cards": Counter({"run-00001": 2})}),
        ([ASKED], {"replies": Counter([END, END])}),
        ([ASKED], {"resent": 1}),
        ([ASKED], {"verdicts": {"declined": frozenset({"run-00001"})}}),
        ([Request("cancel", name(RUN))], {"stops": Counter({name(RUN): 2})}),
        ([Request("cancel", name(RUN))], {"overruled": Counter({name(RUN): 1})}),
        ([Request("retry", name(RUN))], {"clears": Counter({name(RUN): 2})}),
        ([Request("share", name(RUN))], {"shares": Counter({name(RUN): 2})}),
        ([], DONE | {"moves": Counter({"delays v2": 2})}),
        ([], DONE | {"deploys": Counter({"delays v2": 2})}),
        ([], {"promotions": {"promote-00003": Promoted("void", "delays v2", "")}, "moves": Counter({"delays v2": 1})}),
    ],
    ids=[
        "run",
        "card",
        "reply",
        "resent",
        "declined",
        "cancel",
        "cancelled what is over",
        "retry",
        "share",
        "alias",
        "deployment",
        "void",
    ],
)
def test_twice(requests: list[Request], changes: dict[str, Any]) -> None:
    """Each effect that is there more often than it was asked for is counted once."""
    assert len(list(twice(requests, replace(WELL, **changes)))) == 1


def test_an_end_that_was_retried_before_it_was_told_is_not_lost() -> None:
    """The bot tells of the end that counts."""
    left = replace(WELL, ends={name(RUN): 2}, clears=Counter({name(RUN): 1}), replies=Counter([END]))
    assert not list(lost([Request("retry", name(RUN), acked=True, accepted=True)], left))

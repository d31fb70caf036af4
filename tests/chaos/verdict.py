"""What came of every request, counted: what was lost, and what was done twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.domain import Run
from tests.chaos.people import DANA, Request

VERDICTS = {"agree": "agreed", "decline": "declined", "approve": "approved", "withdraw": "withdrawn"}


class Promoted(NamedTuple):
    """A request to promote `version` (as `MODEL vN`), as the bot's store has it."""

    state: str
    version: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Remains:
    """What is left in the world once everything has calmed down.

    `runs` are those at Airflow by the marker in their conf; `stops` and `clears` count what changed a run there,
    `overruled` what was stopped though it was over. `cards` count the messages in the channel that show a marker,
    `shares` those that share a run, `replies` what a run's thread says, by run and text. `ends`: how often each run
    came to an end, whoever ended it. `moves` and `deploys` count what happened to a version (`MODEL vN`): the alias
    was moved to it, it was deployed. Of the bot's store: `shared` runs, markers by the `verdicts` of people on them,
    requests to promote by marker, `dead` jobs, and `live` ones that wait for nobody.
    """

    runs: Mapping[str, Sequence[Run]]
    stops: Counter[str]
    clears: Counter[str]
    overruled: Counter[str]
    cards: Counter[str]
    shares: Counter[str]
    replies: Counter[tuple[str, str]]
    resent: int
    ends: Mapping[str, int]
    moves: Counter[str]
    deploys: Counter[str]
    shared: frozenset[str]
    verdicts: Mapping[str, frozenset[str]]
    promotions: Mapping[str, Promoted]
    dead: Sequence[str]
    live: Sequence[str]


def accepted(requests: Sequence[Request], remains: Remains) -> list[Request]:
    """What was acknowledged as accepted. Of a click the store says whether it was, as its acknowledgement is empty."""
    kept = {kind: remains.verdicts.get(verdict, ()) for kind, verdict in VERDICTS.items()} | {"share": remains.shared}
    return [each for each in requests if each.accepted or (each.acked and each.about in kept.get(each.kind, ()))]


def lost(requests: Sequence[Request], remains: Remains) -> Iterator[str]:
    """What was accepted, or begun, and has not all of its effects, in words."""
    by_name = {name(run): run for runs in remains.runs.values() for run in runs}
    for request in accepted(requests, remains):
        if why := _missing(request, by_name.get(request.about), remains):
            yield f"{request.kind} {request.about}: {why}"
    for marker, runs in remains.runs.items():
        for run in runs:
            yield from (f"run {marker}: {why}" for why in _untold(marker, run, remains))
    for marker, asked in remains.promotions.items():
        yield from (f"promotion {marker}: {why}" for why in _undone(marker, asked, remains))
    yield from (f"job {job_id}: it has died" for job_id in remains.dead)


def _missing(request: Request, run: Run | None, remains: Remains) -> str:
    """Which effect an accepted request, about this run if any, lacks; empty where it has all."""
    about = request.about
    match request.kind:
        case "run" | "agree" if not remains.runs.get(about):
            return "no run at Airflow"
        case "ask" | "promote" if not remains.cards[about]:
            return "no card"
        case "cancel" if run is None or not run.state.over:
            return "the run goes on"
        case "retry" if not remains.clears[about]:
            return "the run was not set going again"
        case "share" if not remains.shares[about]:
            return "nothing was shared"
    return ""


def _untold(marker: str, run: Run, remains: Remains) -> Iterator[str]:
    """What a run that was started lacks at Slack, whether or not its request was acknowledged."""
    if not remains.cards[marker]:
        yield "no card"
    told = sum(count for (each, text), count in remains.replies.items() if each == name(run) and is_end(text))
    ends, retried = remains.ends.get(name(run), 0), remains.clears[name(run)]  # an end may be retried before it is told
    if told < ends - retried:
        yield f"{ends} ends, {retried} retried, told {told} times"


def _undone(marker: str, asked: Promoted, remains: Remains) -> Iterator[str]:
    """What a request to promote lacks: once enough people have approved it, it ends, and done means all of it."""
    if asked.state in {"approved", "moving", "failed"}:
        yield f"{asked.state}: {asked.why}"
    if asked.state == "done" and not remains.moves[asked.version]:
        yield "done, but the alias was never moved"
    if asked.state == "done" and not remains.deploys[asked.version]:
        yield "done, but not deployed"
    if (
        asked.state == "done"
        and not remains.replies[(marker, f"<@{DANA}> {asked.version} is in production and deployed.")]
    ):
        yield "done, but nobody was told"


def twice(requests: Sequence[Request], remains: Remains) -> Iterator[str]:
    """What was done more often than it was asked for, in words."""
    for marker, runs in remains.runs.items():
        if len(runs) > 1:
            yield f"{marker}: {len(runs)} runs at Airflow"
        if marker in remains.verdicts.get("declined", ()):
            yield f"{marker}: started though it was declined"
    asked = Counter((each.kind, each.about) for each in requests)
    counted = (("cancel", remains.stops), ("retry", remains.clears), ("share", remains.shares))
    for kind, done in counted:
        for about, times in done.items():
            if times > asked[(kind, about)]:
                yield f"{kind} {about}: {times} times"
    yield from (f"cancel {about}: a run that was over" for about in remains.overruled)
    for marker, asked_for in remains.promotions.items():
        yield from (f"promotion {marker}: {what}" for what in _overdone(asked_for, remains))
    yield from (f"{marker}: {count} messages" for marker, count in remains.cards.items() if count > 1)
    yield from (f"{run}: told {count} times “{text}”" for (run, text), count in remains.replies.items() if count > 1)
    yield from ["a message marked “resent”, though the channel can be read"] * remains.resent


def _overdone(asked: Promoted, remains: Remains) -> Iterator[str]:
    """What happened to a version more often than once, or though its request was not granted."""
    allowed = int(asked.state in {"moving", "done", "failed"})
    if remains.moves[asked.version] > allowed:
        yield f"{asked.state}, the alias was moved {remains.moves[asked.version]} times"
    if remains.deploys[asked.version] > allowed:
        yield f"{asked.state}, deployed {remains.deploys[asked.version]} times"


def is_end(text: str) -> bool:
    """Whether a reply tells that a run has ended."""
    return "your run of" in text


def name(run: Run) -> str:
    """A run as requests name it."""
    return f"{run.dag_id}/{run.run_id}"

"""The evidence of a promotion: what its card shows, and what an approval is bound to. Pure.

It is read when somebody asks for the promotion, kept as JSON with the request, and read again before the alias moves.
An approval holds for what counts: two readings with the same `digest` are the same evidence, and where they differ
`bot.promoting.moves.moved` says in words what did. What may change harmlessly (the names of people, who is in a user
group, what a run cost) does not count. Who is barred doesn't either, because each vote is judged anew by the latest
reading.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.domain import Record, RunKey
from bot.following.comparison import Line, side_by_side
from bot.promoting.gates import Better, GateResult


class Data(Record):
    """A data set that a training run has logged."""

    name: str
    digest: str
    context: str = ""
    rows: int | None = None


class Champion(Record):
    """What holds the alias. `metrics` are its own on the candidate's evaluation data; empty where not comparable.

    `artifacts` is one digest of all its files.
    """

    version: str
    run_id: str = ""
    metrics: dict[str, float] = {}
    comparable: bool = False
    datasets: tuple[Data, ...] = ()
    artifacts: str = ""
    commit: str = ""


class Approver(Record):
    """Whom the configuration lets decide: a person, a user group or `everyone`; `own` where this model names them."""

    member: str
    own: bool


class Barred(Record):
    """Somebody whom four eyes bars, and why, after "you": "started the run that made it"."""

    person: str
    name: str
    why: str


class Evidence(Record):
    """All of it. `unknown` says why nobody can tell where the version comes from; empty where its origin is known.

    `directions` say which way each configured metric is better. `four_eyes`: the barred can't decide.
    """

    model: str
    registered_model: str
    alias: str
    version: str
    run_id: str = ""
    dag_id: str = ""
    dag_run_id: str = ""
    confirmed: bool = False  # by the orchestrator: that DAG run made this MLflow run
    unknown: str = ""
    artifacts: dict[str, str] = {}  # path to digest
    metrics: dict[str, float] = {}
    params: dict[str, str] = {}
    datasets: tuple[Data, ...] = ()
    commit: str = ""
    tags: dict[str, str] = {}  # those that a gate asks for
    champion: Champion | None = None
    directions: dict[str, Better] = {}
    gates: tuple[GateResult, ...] = ()
    approvers: tuple[Approver, ...] = ()
    needed: int = 1
    four_eyes: bool = True
    # What follows does not count.
    barred: tuple[Barred, ...] = ()
    trained_by: str = ""  # their name
    trained: datetime | None = None
    cost: str = ""
    url: str = ""  # of the version
    code_url: str = ""  # where its commit is compared with the champion's

    @property
    def run(self) -> RunKey | None:
        """The DAG run that it claims to come from."""
        return RunKey(self.dag_id, self.dag_run_id) if self.dag_id and self.dag_run_id else None

    @property
    def failed(self) -> tuple[GateResult, ...]:
        """The gates that it doesn't pass."""
        return tuple(result for result in self.gates if not result.passed)

    def lines(self) -> list[Line]:
        """Its metrics beside the champion's, those of the configuration in its order; else the first few."""
        return side_by_side(self.metrics, self.champion.metrics if self.champion else {}, self.directions)


UNCOUNTED = frozenset({"barred", "trained_by", "trained", "cost", "url", "code_url", "unknown"})


def counted(evidence: Evidence) -> dict[str, Any]:
    """What an approval is bound to, as JSON: the same for equal evidence, NaN and the order of lists included.

    Of the gates it is what they ask for: what came of them follows from the rest.
    """
    document: dict[str, Any] = json.loads(evidence.model_dump_json(exclude=set(UNCOUNTED)))  # NaN as a string
    document["origin"] = "unknown" if evidence.unknown else "known"
    document["gates"] = _sorted(result["gate"] for result in document["gates"])
    document["approvers"] = _sorted(document["approvers"])
    document["datasets"] = _sorted(document["datasets"])
    if document["champion"]:
        document["champion"]["datasets"] = _sorted(document["champion"]["datasets"])
    return document


def digest(evidence: Evidence) -> str:
    """The sha256 of what counts, in hexadecimal."""
    return digest_of(counted(evidence))


def digest_of(document: Any) -> str:
    """The sha256 of a JSON document, whatever the order of its keys."""
    return hashlib.sha256(_canonical(document).encode()).hexdigest()


def _sorted(entries: Iterable[Any]) -> list[Any]:
    return sorted(entries, key=_canonical)


def _canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)

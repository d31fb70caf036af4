"""Evidence for tests: a candidate that is better than its champion, ready to be changed."""

from __future__ import annotations

from typing import Any

from bot.promoting.evidence import Approver, Barred, Champion, Data, Evidence
from bot.promoting.gates import Gate, GateKind, GateResult

HOLDOUT = Data(name="flights of months 10-12", digest="7f3a", context="evaluation", rows=84_000)
AUC = Gate(kind=GateKind.AT_LEAST, name="auc", bound=0.65)
DROP = Gate(kind=GateKind.MAX_DROP, name="auc", bound=0.01, better="higher")
CHAMPION = Champion(
    version="11",
    run_id="run-11",
    metrics={"auc": 0.671},
    comparable=True,
    datasets=(HOLDOUT,),
    artifacts="c0ffee",
    commit="1111111",
)
EVIDENCE = Evidence(
    model="delays",
    registered_model="flight-delays",
    alias="production",
    version="13",
    run_id="run-13",
    dag_id="train_delays",
    dag_run_id="slack__1",
    confirmed=True,
    artifacts={"model.pkl": "sha256:aa", "MLmodel": "sha256:bb"},
    metrics={"auc": 0.712},
    params={"learning_rate": "0.1"},
    datasets=(HOLDOUT, Data(name="flights", digest="9b1c", context="training")),
    commit="4be1c02",
    tags={"reviewed": "yes"},
    champion=CHAMPION,
    directions={"auc": "higher"},
    gates=(
        GateResult(gate=AUC, passed=True, words="0.712, at least 0.65"),
        GateResult(gate=DROP, passed=True, words="0.041 better, drop at most 0.01"),
    ),
    approvers=(Approver(member="S0MLLEADS", own=False), Approver(member="U0OMAR", own=False)),
    barred=(Barred(person="U0DANA", name="Dana", why="started the run that made it"),),
    trained_by="Dana",
    cost="$0.96",
)


def changed(**changes: Any) -> Evidence:
    """The evidence with these fields instead."""
    return EVIDENCE.model_copy(update=changes)


def champion(**changes: Any) -> Evidence:
    """The evidence with these fields of the champion instead."""
    return changed(champion=CHAMPION.model_copy(update=changes))

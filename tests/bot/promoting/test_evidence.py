"""The evidence that an approval is bound to: what counts, what doesn't, and what moved in words."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.promoting import moves
from bot.promoting.evidence import UNCOUNTED, Approver, Barred, Champion, Data, Evidence, counted, digest
from bot.promoting.gates import GateResult
from bot.promoting.moves import moved
from tests.bot.promoting.kit import AUC, DROP, EVIDENCE, HOLDOUT, champion, changed

OTHER = Data(name="flights of months 10-12", digest="91bc", context="evaluation", rows=84_000)


def gates(*asked: Any) -> tuple[GateResult, ...]:
    return tuple(GateResult(gate=gate, passed=True, words="") for gate in asked)


@pytest.mark.parametrize("evidence", [EVIDENCE, changed(champion=None), changed(metrics={"auc": math.nan})])
def test_evidence_survives_json(evidence: Evidence) -> None:
    """It is kept with the request for days; what comes back counts the same, a metric of NaN included."""
    back = Evidence.model_validate_json(evidence.model_dump_json())
    assert digest(back) == digest(evidence)
    assert moved(evidence, back) == ()


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (champion(version="12"), "production moved from v11 to v12"),
        (changed(champion=None), "production no longer holds v11"),
        (champion(run_id="another"), "production's v11 now comes from another MLflow run"),
        (champion(metrics={"auc": 0.7}), "production's v11: auc changed from 0.671 to 0.700"),
        (champion(artifacts="decaf"), "the files of production's v11 changed"),
        (champion(comparable=False), "production's v11 is no longer comparable"),
        (champion(commit="2222222"), "production's v11: the commit changed from “1111111” to “2222222”"),
        (
            champion(datasets=(OTHER,)),
            "production's v11: the evaluation data flights of months 10-12 changed from "
            "“7f3a of 84,000 rows” to “91bc of 84,000 rows”",
        ),
        (changed(version="14"), "the version changed from “13” to “14”"),
        (changed(alias="staging"), "the alias changed from “production” to “staging”"),
        (changed(model="late"), "the model changed from “delays” to “late”"),
        (changed(registered_model="late"), "the registered model changed from “flight-delays” to “late”"),
        (changed(run_id="run-x"), "the MLflow run that it comes from changed from “run-13” to “run-x”"),
        (changed(dag_id="other"), "the DAG that trained it changed from “train_delays” to “other”"),
        (changed(dag_run_id=""), "the DAG run that trained it changed from “slack__1” to nothing"),
        (changed(confirmed=False), "Airflow no longer confirms where it comes from"),
        (changed(unknown="its MLflow run is not there"), "its origin is unknown now: its MLflow run is not there"),
        (changed(artifacts=EVIDENCE.artifacts | {"model.pkl": "sha256:cc"}), "the file model.pkl changed"),
        (changed(artifacts={"MLmodel": "sha256:bb"}), "the file model.pkl is gone"),
        (changed(artifacts=EVIDENCE.artifacts | {"code.py": "sha256:cc"}), "the file code.py is new"),
        (changed(metrics={"auc": 0.69}), "auc changed from 0.712 to 0.690"),
        (changed(metrics={"auc": 0.7120001}), "auc changed from 0.712 to 0.7120001"),
        (changed(metrics={"auc": math.nan}), "auc changed from 0.712 to nan"),
        (changed(metrics={}), "auc is gone"),
        (changed(params={"learning_rate": "0.2"}), "the parameter learning_rate changed from “0.1” to “0.2”"),
        (changed(datasets=(HOLDOUT,)), "the training data flights is gone"),
        (changed(commit="2222222"), "the commit changed from “4be1c02” to “2222222”"),
        (changed(tags={"reviewed": "no"}), "the tag reviewed changed from “yes” to “no”"),
        (changed(tags={}), "the tag reviewed is gone"),
        (changed(directions={"auc": "lower"}), "the better direction of auc changed from “higher” to “lower”"),
        (
            changed(gates=gates(AUC.model_copy(update={"bound": 0.7}), DROP)),
            "the gate auc at least 0.65 became at least 0.7",
        ),
        (
            changed(gates=gates(AUC, DROP.model_copy(update={"better": "lower"}))),
            "the gate auc drop at most 0.01 became lower is better",
        ),
        (changed(gates=gates(DROP)), "the gate auc at least 0.65 is gone"),
        (changed(approvers=()), "the approvers changed"),
        (changed(approvers=(Approver(member="S0MLLEADS", own=True),)), "the approvers changed"),
        (changed(needed=2), "it now needs 2 approvals, not 1"),
        (changed(four_eyes=False), "four eyes was switched off"),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else "",
)
def test_what_counts_voids_an_approval_in_words(now: Evidence, words: str) -> None:
    """One thing moved, and one sentence says which."""
    assert digest(now) != digest(EVIDENCE)
    assert moved(EVIDENCE, now) == (words,)


@pytest.mark.parametrize(
    "now",
    [
        changed(barred=(Barred(person="U0OMAR", name="Omar", why="retried the run that made it"),)),
        changed(trained_by="Dana van Dijk"),
        changed(trained=datetime.now(UTC)),
        changed(cost="$1.02"),
        changed(url="https://mlflow.example"),
        changed(code_url="https://git.example"),
        changed(gates=tuple(reversed(EVIDENCE.gates))),
        changed(gates=gates(AUC, DROP)),
        changed(approvers=tuple(reversed(EVIDENCE.approvers))),
        changed(datasets=tuple(reversed(EVIDENCE.datasets))),
        changed(metrics=dict(reversed(EVIDENCE.metrics.items()))),
    ],
)
def test_what_may_change_harmlessly_does_not_count(now: Evidence) -> None:
    """Names, costs, links and the order of lists; who is barred is judged at each vote."""
    assert digest(now) == digest(EVIDENCE)
    assert moved(EVIDENCE, now) == ()


SOME = st.sampled_from(["a", "b", "c"])
NUMBERS = st.one_of(st.floats(0.65, 0.66), st.sampled_from([math.nan, math.inf]))
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "version": SOME,
        "unknown": st.sampled_from(["", "x", "y"]),
        "artifacts": st.dictionaries(SOME, SOME),
        "metrics": st.dictionaries(SOME, NUMBERS),
        "datasets": st.lists(st.builds(Data, name=SOME, digest=SOME, context=SOME, rows=st.none())).map(tuple),
        "approvers": st.lists(st.builds(Approver, member=SOME, own=st.booleans())).map(tuple),
        "champion": st.one_of(st.none(), st.builds(Champion, version=SOME, commit=SOME, comparable=st.booleans())),
        "needed": st.integers(1, 3),
        "cost": SOME,
    },
)


@given(CHANGES, CHANGES)
def test_something_is_said_exactly_where_the_digest_differs(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Nothing that counts moves silently, and nothing is said of what does not count."""
    before, now = changed(**one), changed(**other)
    said = moved(before, now)
    assert (said == ()) == (digest(before) == digest(now))
    assert "" not in said


def test_nothing_held_the_alias_before() -> None:
    """A champion that appears is told too."""
    assert moved(changed(champion=None), EVIDENCE) == ("production now holds v11",)


def test_why_an_origin_is_unknown_does_not_count_but_that_it_is_does() -> None:
    """The sentence may get better; two approvals are needed either way."""
    one, other = (changed(unknown=why) for why in ("its MLflow run is not there", "nobody knows"))
    assert digest(one) == digest(other) != digest(EVIDENCE)


def test_many_changes_of_a_kind_are_counted() -> None:
    """A card has room for a few."""
    files = {f"{number}.bin": "sha256:00" for number in range(8)}
    said = moved(changed(artifacts=files), changed(artifacts=dict.fromkeys(files, "sha256:11")))
    assert len(said) == moves.MOST + 1
    assert said[-1] == "3 more changes of this kind"


def test_every_field_counts_or_is_listed_as_one_that_does_not() -> None:
    """A field that is added later has to be one or the other, and what counts has its words."""
    fields = set(Evidence.model_fields)
    assert fields >= UNCOUNTED
    assert set(counted(EVIDENCE)) == fields - UNCOUNTED | {"origin"} == set(moves._WORDS)


def test_a_failed_gate_is_found() -> None:
    """What blocks a promotion is asked of the evidence itself."""
    failed = GateResult(gate=AUC, passed=False, words="0.600, at least 0.65")
    assert changed(gates=(failed, EVIDENCE.gates[1])).failed == (failed,)
    assert EVIDENCE.failed == ()


def test_metrics_stand_beside_the_champions() -> None:
    """With their directions; without a champion alone."""
    (line,) = EVIDENCE.lines()
    assert (line.metric, line.candidate, line.champion, line.better) == ("auc", 0.712, 0.671, True)
    assert changed(champion=None).lines()[0].champion is None

"""How good a model is on flights it has not learnt from, and the gates it must pass to be registered."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from delays.features import INPUTS, TARGET


class Classifier(Protocol):
    """What scikit-learn's classifiers have in common."""

    def predict_proba(self, inputs: pd.DataFrame) -> np.ndarray:
        """Shape (rows, 2): the probabilities of leaving in time and of leaving late."""


class GatesFailed(Exception):
    """The model is not good enough to be registered; the message says where, in one line."""


@dataclass(frozen=True)
class Gate:
    """A bound that `metric` must keep: at least `bound` where higher is better, else at most."""

    metric: str
    bound: float
    higher_is_better: bool

    def passes(self, metrics: Mapping[str, float]) -> bool:
        """A metric that is no number passes nothing."""
        value = metrics[self.metric]
        return value >= self.bound if self.higher_is_better else value <= self.bound

    def sentence(self, metrics: Mapping[str, float]) -> str:
        """Such as "auc is 0.581 (at least 0.65)"."""
        word = "at least" if self.higher_is_better else "at most"
        return f"{self.metric} is {metrics[self.metric]:.3f} ({word} {self.bound:g})"


GATES = [
    Gate("auc", 0.65, higher_is_better=True),
    Gate("log_loss", 0.65, higher_is_better=False),
    Gate("recall_at_5pct", 0.1, higher_is_better=True),
]


def score(model: Classifier, rows: pd.DataFrame) -> dict[str, float]:
    """The model's metrics on `rows`, which must hold flights of both kinds.

    `auc` and `recall_at_5pct` are better when higher; `log_loss` and `brier` when lower.
    """
    late = rows[TARGET].to_numpy()
    chance = model.predict_proba(rows[INPUTS])[:, 1]
    return {
        "auc": float(roc_auc_score(late, chance)),
        "log_loss": float(log_loss(late, chance)),
        "brier": float(brier_score_loss(late, chance)),
        "recall_at_5pct": recall_at(0.05, late, chance),
    }


def recall_at(share: float, late: np.ndarray, chance: np.ndarray) -> float:
    """The part of all late flights that is among the `share` of flights with the highest chance of it."""
    flagged = np.argsort(-chance, kind="stable")[: math.ceil(share * len(chance))]
    return float(late[flagged].sum() / late.sum())


def require(metrics: Mapping[str, float]) -> int:
    """The number of gates, all passed. Raises GatesFailed."""
    failed = [gate.sentence(metrics) for gate in GATES if not gate.passes(metrics)]
    if failed:
        raise GatesFailed(f"{len(failed)} of {len(GATES)} gates failed: {', '.join(failed)}")
    return len(GATES)

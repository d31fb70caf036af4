"""How good a model is on flights it has not learnt from."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from delays.features import INPUTS, TARGET


class Classifier(Protocol):
    """What scikit-learn's classifiers have in common."""

    def predict_proba(self, inputs: pd.DataFrame) -> np.ndarray:
        """Shape (rows, 2): the probabilities of leaving in time and of leaving late."""


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

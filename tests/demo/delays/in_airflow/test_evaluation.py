from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from delays import evaluation
from delays.features import INPUTS


class Fixed:
    """A classifier that answers with the `distance` of a flight as its chance of being late."""

    def predict_proba(self, inputs: pd.DataFrame) -> np.ndarray:
        chance = inputs["distance"].to_numpy()
        return np.column_stack([1 - chance, chance])


def flights(chances: list[float], late: list[bool]) -> pd.DataFrame:
    return pd.DataFrame({name: chances if name == "distance" else 0 for name in INPUTS}).assign(late=late)


def test_scores_of_a_known_answer() -> None:
    """Four flights whose metrics can be worked out by hand."""
    metrics = evaluation.score(Fixed(), flights([0.8, 0.6, 0.4, 0.2], [True, False, True, False]))
    assert metrics["auc"] == pytest.approx(3 / 4)
    assert metrics["brier"] == pytest.approx((0.04 + 0.36 + 0.36 + 0.04) / 4)
    assert metrics["log_loss"] == pytest.approx(-(2 * math.log(0.8) + 2 * math.log(0.4)) / 4)
    assert metrics["recall_at_5pct"] == pytest.approx(1 / 2)


def test_recall_counts_the_late_flights_among_the_most_likely() -> None:
    """Of four late flights, one is in the highest tenth of twenty."""
    chance = np.linspace(1, 0, 20)
    late = np.isin(np.arange(20), [0, 5, 10, 15])
    assert evaluation.recall_at(0.1, late, chance) == pytest.approx(1 / 4)

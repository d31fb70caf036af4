from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from delays import evaluation, features, training
from delays.features import INPUTS

FEW = training.Settings(
    learning_rate=0.1,
    max_iter=12,
    max_leaf_nodes=15,
    max_depth=None,
    early_stopping=False,
    class_weight="none",
    pace=0,
)


@pytest.fixture(scope="module")
def rows(table: Path) -> pd.DataFrame:
    return features.training_rows(table).head(4000)


def fit(rows: pd.DataFrame, settings: training.Settings) -> tuple[np.ndarray, list[training.Progress]]:
    """The chances that a model gives to the rows it was trained on, and the progress it reported."""
    reported: list[training.Progress] = []
    model = training.fit(rows, settings, reported.append)
    assert training.trees(model) == reported[-1].iterations
    return model.predict_proba(rows[INPUTS])[:, 1], reported


def test_equal_data_gives_equal_models(rows: pd.DataFrame) -> None:
    """Training twice gives the same chances, to the last digit."""
    assert np.array_equal(fit(rows, FEW)[0], fit(rows, FEW)[0])


def test_progress_is_reported_up_to_the_last_tree(rows: pd.DataFrame) -> None:
    """Ten reports of rising iterations and falling loss, the last at `max_iter`."""
    reported = fit(rows, FEW)[1]
    assert [report.iterations for report in reported] == [2, 3, 4, 5, 6, 8, 9, 10, 11, 12]
    assert reported[-1].log_loss < reported[0].log_loss


def test_stages_do_not_change_the_model(rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training in ten stages gives what training in one go gives."""
    staged = fit(rows, FEW)[0]
    monkeypatch.setattr(training, "STAGES", 1)
    assert np.array_equal(staged, fit(rows, FEW)[0])


def test_one_tree_is_enough(rows: pd.DataFrame) -> None:
    """The smallest `max_iter` trains in one stage."""
    assert [report.iterations for report in fit(rows, replace(FEW, max_iter=1))[1]] == [1]


def test_early_stopping_ends_before_the_last_stage(rows: pd.DataFrame) -> None:
    """Where more trees no longer help, training stops by itself and says how far it came."""
    reported = fit(rows, replace(FEW, learning_rate=1, max_iter=300, early_stopping=True))[1]
    assert reported[-1].iterations < 300


def test_pace_spreads_training_over_time(rows: pd.DataFrame) -> None:
    """With a pace of one second, training takes that long."""
    started = time.monotonic()
    fit(rows, replace(FEW, pace=1))
    assert time.monotonic() - started >= 0.99


def test_balanced_weights_raise_the_chances(rows: pd.DataFrame) -> None:
    """The class weight reaches the learner: late flights, the rarer, weigh more."""
    assert fit(rows, replace(FEW, class_weight="balanced"))[0].mean() > 1.5 * fit(rows, FEW)[0].mean()


def test_an_airport_never_seen_is_scored(rows: pd.DataFrame) -> None:
    """A destination that was not in the training rows, and missing weather, still give a chance."""
    model = training.fit(rows, FEW, lambda progress: None)
    unseen = rows[INPUTS].head(3).assign(dest="XYZ", temp=np.nan)
    assert np.isfinite(model.predict_proba(unseen)).all()


def test_a_model_knows_more_than_chance(table: Path, rows: pd.DataFrame) -> None:
    """What is learnt from a month at one airport ranks later flights better than a coin."""
    model = training.fit(rows, FEW, lambda progress: None)
    assert evaluation.score(model, features.holdout_rows(table))["auc"] > 0.55

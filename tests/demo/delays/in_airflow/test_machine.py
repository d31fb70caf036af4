from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from delays import features, machine, training
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

SETTINGS = training.Settings(
    learning_rate=0.1,
    max_iter=5,
    max_leaf_nodes=15,
    max_depth=None,
    early_stopping=False,
    class_weight="none",
    pace=0,
)


@pytest.mark.parametrize(
    ("conf", "threads", "words"),
    [
        ({"stationmaster": {"compute": {"instance": "1-thread"}}}, 1, " on 1 thread"),
        ({"stationmaster": {"compute": {"instance": "2-threads"}}}, 2, " on 2 threads"),
        ({"stationmaster": {"compute": {"instance": "ml.m5.large"}}}, None, ""),
        ({"stationmaster": {"compute": None}}, None, ""),
        ({"stationmaster": {}}, None, ""),
        ({}, None, ""),
        (None, None, ""),
    ],
)
def test_the_profile_says_how_many_threads(conf: Any, threads: int | None, words: str) -> None:
    """By its instance; a run that was started elsewhere names none."""
    assert machine.threads(conf) == threads
    assert machine.in_words(threads) == words


@pytest.mark.parametrize("threads", [1, 2])
def test_training_keeps_to_them(table: Any, threads: int) -> None:
    """While it trains, the learner would use so many threads and no more; afterwards as many as before."""
    rows: pd.DataFrame = features.training_rows(table).head(500)
    before, seen = _openmp_effective_n_threads(), set()
    training.fit(rows, SETTINGS, lambda _: seen.add(_openmp_effective_n_threads()), threads)
    assert seen == {threads}
    assert _openmp_effective_n_threads() == before

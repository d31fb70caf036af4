"""The model: gradient-boosted trees over what was known before a flight left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits

from delays.features import CATEGORIES, INPUTS, TARGET

STAGES = 10
"""Training reports its progress this often, and spreads itself over `pace` seconds in as many steps."""

SEED = 20130101
"""Equal data and equal settings give equal models."""


@dataclass(frozen=True)
class Settings:
    """The learner's own settings by scikit-learn's names; `pace` is the least seconds that all of `max_iter` takes."""

    learning_rate: float
    max_iter: int
    max_leaf_nodes: int
    max_depth: int | None
    early_stopping: bool
    class_weight: str
    pace: int

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Self:
        """Those of a DAG run's params that are the learner's."""
        return cls(**{field.name: params[field.name] for field in fields(cls)})


@dataclass(frozen=True)
class Progress:
    """After `iterations` of boosting: the log loss on a sample of the training rows."""

    iterations: int
    log_loss: float


def fit(
    rows: pd.DataFrame, settings: Settings, report: Callable[[Progress], None], threads: int | None = None
) -> Pipeline:
    """A pipeline that turns the INPUTS of new flights into probabilities of leaving late.

    It is trained on so many `threads`, as many as there are cores where that is None; the model is the same.
    """
    with threadpool_limits(threads):
        return _fit(rows, settings, report)


def _fit(rows: pd.DataFrame, settings: Settings, report: Callable[[Progress], None]) -> Pipeline:
    encoder = _encoder().fit(rows[INPUTS])
    booster = _booster(settings)
    inputs, late = encoder.transform(rows[INPUTS]), rows[TARGET].to_numpy()
    sample = np.random.default_rng(SEED).choice(len(rows), size=min(len(rows), 20_000), replace=False)
    for iterations in _stages(settings.max_iter):
        started = time.monotonic()
        booster.set_params(max_iter=iterations).fit(inputs, late)
        chance = booster.predict_proba(inputs[sample])[:, 1]
        report(Progress(booster.n_iter_, float(log_loss(late[sample], chance, labels=[False, True]))))
        if booster.n_iter_ < iterations:
            break
        time.sleep(max(0.0, settings.pace / STAGES - (time.monotonic() - started)))
    return make_pipeline(encoder, booster)


def trees(model: Pipeline) -> int:
    """How many trees a fitted model has; fewer than `max_iter` where it stopped early."""
    return int(model[-1].n_iter_)


def _stages(max_iter: int) -> list[int]:
    """Up to STAGES rising numbers of iterations, the last of them `max_iter`."""
    return sorted({-(-max_iter * stage // STAGES) for stage in range(1, STAGES + 1)})


def _encoder() -> ColumnTransformer:
    """Categories as numbers, the first columns; one that was not seen in training counts as missing."""
    categories = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return make_column_transformer((categories, CATEGORIES), remainder="passthrough")


def _booster(settings: Settings) -> HistGradientBoostingClassifier:
    """Not yet fitted; each `fit` with a larger `max_iter` goes on where the last one stopped."""
    return HistGradientBoostingClassifier(
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.max_leaf_nodes,
        max_depth=settings.max_depth,
        early_stopping=settings.early_stopping,
        class_weight=None if settings.class_weight == "none" else settings.class_weight,
        categorical_features=list(range(len(CATEGORIES))),
        warm_start=True,
        random_state=SEED,
    )

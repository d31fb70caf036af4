"""The batch store: what a version of the model says of each flight, in one parquet file a month.

`predictions/model=delays/version=3/month=10.parquet` below the store's folder: readable as a whole by DuckDB or pandas.
A file is there with all its rows, or not at all: it is written beside its place, and then put there. So a month that is
there is not scored again, whatever ended an earlier attempt.

Each row has `key`, `origin`, `carrier`, `flight`, `scheduled_at` (UTC), and `chance`, of leaving more than 30 minutes
late.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pandas as pd

from delays.evaluation import Classifier
from delays.features import INPUTS

COLUMNS = ["key", "origin", "carrier", "flight", "scheduled_at", "chance"]


class Scored(NamedTuple):
    """How many rows were scored now, and how many there are of this version together."""

    rows: int
    total: int


def folder(store: Path, model: str, version: str) -> Path:
    """Where a version's predictions are. A model's name may hold anything."""
    return store / "predictions" / f"model={quote(model, safe='')}" / f"version={quote(version, safe='')}"


def score(model: Classifier, rows: pd.DataFrame, into: Path) -> Scored:
    """Score each month of `rows`, a feature table, that `into` doesn't have yet."""
    into.mkdir(parents=True, exist_ok=True)
    scored = 0
    for month, flights in rows.groupby("month"):
        path = into / f"month={month:02}.parquet"
        if not path.exists():
            _put(_predictions(model, flights), path)
            scored += len(flights)
    return Scored(scored, len(predictions(into)))


def predictions(at: Path) -> pd.DataFrame:
    """All predictions of a version, with the columns above."""
    months = [pd.read_parquet(path) for path in sorted(at.glob("month=*.parquet"))]
    return pd.concat(months, ignore_index=True) if months else pd.DataFrame(columns=COLUMNS)


def keys(flights: pd.DataFrame) -> pd.Series:
    """What a flight is looked up by: "UA1545 EWR 2013-10-01T09:15Z"."""
    when = flights["scheduled_at"].dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%MZ")
    return flights["carrier"] + flights["flight"].astype(str) + " " + flights["origin"] + " " + when


def _predictions(model: Classifier, flights: pd.DataFrame) -> pd.DataFrame:
    told = flights.assign(key=keys(flights), chance=model.predict_proba(flights[INPUTS])[:, 1])
    return told[COLUMNS]


def _put(rows: pd.DataFrame, path: Path) -> None:
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        rows.to_parquet(beside, index=False)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)

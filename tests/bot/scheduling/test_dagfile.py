"""The generic DAG file: nothing of a schedule in its source, and what Airflow makes of it."""

from __future__ import annotations

import ast
import json
import random
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain import Scheduled
from bot.scheduling.dagfile import TAG, dag_file, revision_shown, schedule_of, trouble_shown
from bot.scheduling.folder import FolderSpecs
from bot.scheduling.spec import ScheduleSpec, Who, read_spec
from demo.station.environments import program
from tests.bot.scheduling.kit import HOSTILE, NOW, hostile_specs, spec, words
from tests.station import need

SCRIPTS = Path(__file__).parent / "in_airflow"


def shape(source: str) -> str:
    """The syntax tree, without its constants."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = None
    return ast.dump(tree)


@given(prefix=words, specs=words, store=st.sampled_from(["folder", "variable"]))
def test_whatever_is_rendered_into_the_file_is_a_constant(prefix: str, specs: str, store: Any) -> None:
    """Quotes, newlines, braces, brackets and code change no more of the syntax tree than the constants they are."""
    plain, hostile = (dag_file(prefix=name, store=store, specs=kept) for name, kept in (("p", "s"), (prefix, specs)))
    assert shape(hostile) == shape(plain)
    constants = {node.value for node in ast.walk(ast.parse(hostile)) if isinstance(node, ast.Constant)}
    assert {prefix, specs, store, TAG} <= constants


@given(hostile_specs)
def test_a_spec_comes_back_as_it_was_written(made: ScheduleSpec) -> None:
    """Whatever is in its fields; and JSON is all that it ever is."""
    written = made.to_json()
    assert read_spec(made.id, written) == made
    assert json.loads(written)["conf"] == made.conf
    assert written.isascii()


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=hostile_specs)
async def test_no_schedule_changes_the_file(made: ScheduleSpec, tmp_path: Path) -> None:
    """The published file's bytes are the same before and after."""
    specs = FolderSpecs(tmp_path, "stationmaster")
    await specs.install()
    before = (tmp_path / "stationmaster_schedules.py").read_bytes()
    await specs.put(made, None)
    assert not await specs.install()
    assert (tmp_path / "stationmaster_schedules.py").read_bytes() == before


def read_by_airflow(folder: Path) -> dict[str, Any]:
    """What Airflow makes of the file in this folder; by the subprocess of its own environment."""
    need("airflow")
    file = folder / "stationmaster_schedules.py"
    env = {"AIRFLOW_HOME": str(folder / "home"), "PATH": "/usr/bin:/bin", "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    command = [program("airflow", "python"), SCRIPTS / "read.py", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


async def write(folder: Path, specs: list[ScheduleSpec], by_hand: Mapping[str, str] | None = None) -> None:
    """Publish the file with these schedules, and texts that somebody wrote by hand."""
    store = FolderSpecs(folder, "stationmaster")
    await store.install()
    for each in specs:
        await store.put(each, 0)
    for name, text in (by_hand or {}).items():
        (folder / "stationmaster_schedules" / f"{name}.json").write_text(
            text, encoding="utf-8", errors="surrogateescape"
        )


@pytest.mark.timeout(300)
async def test_what_people_gave_arrives_verbatim(tmp_path: Path) -> None:
    """Rendered by Airflow's own operator: `{{ 6*7 }}` stays what it is, in a value, a name, a reason, anywhere."""
    made = []
    for number, text in enumerate(HOSTILE):
        who = Who(id=text, name=text)
        conf = {text: text, "nested": [{"deep": text}]}
        made.append(spec(f"h{number}", conf=conf, reason=text, ref=text, model=text, owner=who, compute={text: text}))
    await write(tmp_path, made)
    dags = read_by_airflow(tmp_path)["dags"]
    for each in made:
        dag = dags[f"stationmaster__{each.id}"]
        assert dag["conf"] == each.run_conf
        assert (dag["target"], dag["run_id"]) == ("train_delays", f"stationmaster__{each.id}__scheduled__now")
        assert dag["careful"] == [True, True]
        assert dag["tags"] == ["revision:1", TAG]
        assert each.model in dag["note"]


BROKEN = {
    "nojson": "{nope",
    "notutf": "\udcff",
    "nozone": spec("nozone").to_json().replace("Europe/Amsterdam", "Mars/Phobos"),
    "nocron": spec("nocron").to_json().replace("0 2 * * *", "0 25 * * *"),
    "never": spec("never").to_json().replace("0 2 * * *", "0 2 30 2 *"),
    "other": spec("another").to_json(),
    "newer": spec("newer").to_json().replace('"version": 1', '"version": 2'),
    "target": spec("target").to_json().replace("train_delays", "{{ dag.dag_id }}"),
    "list": "[1, 2]",
    "number": "7",
    "bare": "{}",
}


@pytest.mark.timeout(300)
async def test_a_broken_spec_is_shown_and_touches_no_other(tmp_path: Path) -> None:
    """It becomes a DAG that never runs and says why; a file whose name is no id is passed over."""
    await write(tmp_path, [spec("whole")], BROKEN | {"Not An Id": "{}"})
    dags = read_by_airflow(tmp_path)["dags"]
    assert dags.keys() == {"stationmaster_schedules", "stationmaster__whole", *(f"stationmaster__{n}" for n in BROKEN)}
    assert dags["stationmaster__whole"]["tasks"] == ["train"]
    for name in BROKEN:
        shown = dags[f"stationmaster__{name}"]
        assert (shown["tags"], shown["tasks"]) == (["broken", TAG], [])
        assert shown["description"].startswith("broken: ")
        assert "start" not in shown
    assert all(name in dags["stationmaster_schedules"]["description"] for name in BROKEN)


@pytest.mark.timeout(300)
async def test_when_a_schedule_begins_and_ends(tmp_path: Path) -> None:
    """Its start is that of its making, or of its last resumption, or the end of a pause that is set to end."""
    day = timedelta(days=1)
    later = spec("later", paused_until=NOW + 3 * day, until=NOW + 9 * day)
    await write(tmp_path, [spec("plain"), later, spec("turns", "every 2 weeks on friday at 18:00")])
    dags = read_by_airflow(tmp_path)["dags"]
    assert (dags["stationmaster__plain"]["start"], dags["stationmaster__plain"]["end"]) == (NOW.isoformat(), None)
    found = dags["stationmaster__later"]
    assert (found["start"], found["end"]) == ((NOW + 3 * day).isoformat(), (NOW + 9 * day).isoformat())
    assert sorted(dags["stationmaster__turns"]["tasks"]) == ["train", "turn"]


@pytest.mark.timeout(600)
async def test_a_thousand_schedules_are_read_in_time(tmp_path: Path) -> None:
    """Airflow gives a file 30 seconds by default (`core.dagbag_import_timeout`); this takes two or three."""
    pick = random.Random(7)  # noqa: S311
    said = ["daily at 02:00", "every monday at 06:00", "every 2 weeks on friday at 18:00", "0 */6 * * *"]
    await write(
        tmp_path, [spec(f"s{n}", pick.choice(said), conf={"label": pick.choice(HOSTILE)}) for n in range(1_000)]
    )
    read = read_by_airflow(tmp_path)
    assert len(read["dags"]) == 1_001
    assert read["seconds"] < 30


def test_what_airflow_shows_is_understood() -> None:
    """Which revision it has read, what is wrong, and which schedule a run is of."""
    whole = Scheduled(dag_id="x", tags=(TAG, "revision:12"))
    assert (revision_shown(whole), trouble_shown(whole)) == (12, "")
    broken = Scheduled(dag_id="x", tags=(TAG, "broken"), description="broken: KeyError: 'zone'")
    assert (revision_shown(broken), trouble_shown(broken)) == (0, "KeyError: 'zone'")
    run = "stationmaster__my-nightly__scheduled__2026-11-21T02:00:00+00:00"
    assert schedule_of("stationmaster", run) == "my-nightly"
    assert [schedule_of("stationmaster", other) for other in ("slack__x", "stationmaster__x", "other__x__y")] == [
        ""
    ] * 3

"""Which store the configuration names, as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cloud import AwsCloud
from bot.errors import ConfigError, Refusal
from bot.scheduling.store import ConfiguredSpecs, generic_dag_file
from bot.settings.config import ConfigFile, read_config
from bot.settings.schedules import Schedules
from tests.bot.scheduling.kit import spec
from tests.fakes import FakeOrchestrator


def configured(path: Path, text: str) -> ConfiguredSpecs:
    path.write_text(text)
    return ConfiguredSpecs(ConfigFile(path), FakeOrchestrator(), AwsCloud())


async def test_without_a_store_there_are_no_schedules(tmp_path: Path) -> None:
    """Said to who asks for one, with whom to ask."""
    specs = configured(tmp_path / "c.yaml", "{}\n")
    with pytest.raises(Refusal, match="not set up here yet") as refused:
        await specs.all()
    assert "admin" in refused.value.hint
    with pytest.raises(Refusal):
        _ = specs.prefix


async def test_a_change_of_the_file_counts_at_once(tmp_path: Path) -> None:
    """No restart: the next request is for the other store."""
    one, two = tmp_path / "one", tmp_path / "two"
    specs = configured(tmp_path / "c.yaml", f"schedules: {{store: folder, path: {one}}}\n")
    await specs.put(spec(), 0)
    (tmp_path / "c.yaml").write_text(f"schedules: {{store: folder, path: {two}, name: other}}\n")
    assert specs.prefix == "other"
    assert await specs.all() == {}
    assert not specs.single_writer
    (tmp_path / "c.yaml").write_text("schedules: {store: variable}\n")
    assert specs.single_writer


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ("{}", "store"),
        ("{store: ftp}", "'folder', 's3' or 'variable'"),
        ("{store: folder}", "needs its path"),
        ("{store: folder, path: dags}", "from / on"),
        ("{store: s3}", "needs a bucket"),
        ("{store: s3, bucket: UPPER}", "bucket"),
        ("{store: variable, variable: our_secret_schedules}", "Airflow hides"),
        ("{store: variable, name: two__words}", "name"),
        ("{store: folder, path: /dags, paht: /x}", "Did you mean path"),
    ],
)
def test_a_section_that_can_not_work_is_a_mistake(section: str, why: str, tmp_path: Path) -> None:
    """Named with the file's line, as every mistake of the file is."""
    path = tmp_path / "c.yaml"
    path.write_text(f"schedules: {section}\n")
    with pytest.raises(ConfigError, match="line 1") as refused:
        read_config(path)
    assert why in str(refused.value)


def test_the_printed_file_reads_the_configured_store() -> None:
    """The Variable, or the folder beside it."""
    assert "STORE = 'variable'" in generic_dag_file(Schedules(store="variable"))
    folder = generic_dag_file(Schedules(store="folder", path=Path("/dags"), name="other"))
    assert "STORE = 'folder'" in folder
    assert "SPECS = 'other_schedules'" in folder

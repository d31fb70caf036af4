"""The command line: what it takes, says, and ends with."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`stationmaster ARGUMENTS`, in a process of its own."""
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments], capture_output=True, text=True, env=given, check=False, timeout=60
    )


def test_it_says_its_version_and_what_it_can_do() -> None:
    """On standard output, with status 0."""
    assert run("--version").stdout == f"stationmaster {importlib.metadata.version('stationmaster')}\n"
    shown = run("--help")
    assert shown.returncode == 0
    assert all(f"\n    {name} " in shown.stdout for name in ("serve", "check", "manifest", "dagfile"))


@pytest.mark.parametrize(
    "arguments",
    [[], ["sevre"], ["serve", "--fast"], ["check", "--live"], ["manifest", "x"], ["audit"], ["jobs", "show"]],
)
def test_wrong_arguments_are_refused_at_once(arguments: list[str]) -> None:
    """With status 2, before anything large is imported."""
    begun = time.perf_counter()
    refused = run(*arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("usage: stationmaster")
    assert time.perf_counter() - begun < 5


def test_nothing_large_is_imported_to_parse() -> None:
    """Each subcommand imports what it needs."""
    script = (
        "import sys, bot.__main__ as m; m.command_line();"
        "print([n for n in ('pydantic', 'aiohttp') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_unusable_settings_end_it_with_2() -> None:
    """Said on standard error."""
    refused = run("serve")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "SLACK_BOT_TOKEN is not set" in refused.stderr


def test_a_check_that_finds_something_wrong_ends_with_1(tmp_path: Path) -> None:
    """A line each on standard output, and nothing beside it."""
    database = f"sqlite:///{tmp_path}/bot.db"
    checked = run("check", DATABASE_URL=database, STATIONMASTER_CONFIG=str(tmp_path / "none.yaml"))
    assert (checked.returncode, checked.stderr) == (1, "")
    lines = checked.stdout.splitlines()
    assert all(line[:2] in {"✓ ", "✗ ", "! "} for line in lines)
    assert "✗ settings: SLACK_BOT_TOKEN is not set" in lines
    assert any(line.startswith("✗ configuration: Can't read the configuration") for line in lines)


def test_a_manifest_is_printed() -> None:
    """For pasting; a mistake in its address is told."""
    assert run("manifest").stdout.startswith("display_information:\n")
    assert run("manifest", "--json", "--url", "https://x.example").stdout.startswith("{")
    refused = run("manifest", "--url", "ftp://x")
    assert (refused.returncode, refused.stdout) == (2, "")


def test_the_dag_file_is_printed_for_the_configured_store(tmp_path: Path) -> None:
    """Python that can go among Airflow's DAGs; without schedules in the configuration, what is missing."""
    path = tmp_path / "stationmaster.yaml"
    path.write_text("schedules: {store: variable, variable: our_schedules}\n")
    printed = run("dagfile", STATIONMASTER_CONFIG=str(path)).stdout
    assert "SPECS = 'our_schedules'" in printed
    compile(printed, "dagfile", "exec")
    path.write_text("{}\n")
    refused = run("dagfile", STATIONMASTER_CONFIG=str(path))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "no schedules" in refused.stderr

from __future__ import annotations

import importlib.util
import json
import logging
import os
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from jinja2.sandbox import SandboxedEnvironment

from tests.demo.delays.in_airflow.conftest import ROOT

TASK = SimpleNamespace(dag_id="d", run_id="manual__1", task_id="t", map_index=3, try_number=2)
TAGS = {
    "airflow.dag_id": "d",
    "airflow.run_id": "manual__1",
    "airflow.task_id": "t",
    "airflow.map_index": "3",
    "airflow.try_number": "2",
}


@pytest.fixture
def plugin() -> ModuleType:
    """The plugin's file, loaded as Airflow loads it: by its path."""
    spec = importlib.util.spec_from_file_location(
        "stationmaster_lineage", ROOT / "templates" / "plugins" / "stationmaster_lineage.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def context_of(plugin: ModuleType, monkeypatch: pytest.MonkeyPatch, given: str | None, task: Any = TASK) -> Any:
    """What the environment holds for MLflow once `task` runs where it held `given` before."""
    monkeypatch.delenv("MLFLOW_RUN_CONTEXT", raising=False)
    if given is not None:
        monkeypatch.setenv("MLFLOW_RUN_CONTEXT", given)
    plugin.LineageListener().on_task_instance_running(task)
    return json.loads(os.environ["MLFLOW_RUN_CONTEXT"])


def test_a_task_is_named_by_five_tags(plugin: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """All five are strings, as MLflow's tags are."""
    assert context_of(plugin, monkeypatch, None) == TAGS


def test_tags_of_the_platform_are_kept(plugin: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the variable held already stays; a task's own tags win, as those of an earlier task are stale."""
    given = json.dumps({"team": "night", "airflow.run_id": "stale"})
    assert context_of(plugin, monkeypatch, given) == {"team": "night", **TAGS}


@pytest.mark.parametrize("given", ["", "no json", "[1]", "null"])
def test_nonsense_in_the_variable_is_replaced(plugin: ModuleType, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """A variable that holds no JSON object cannot spoil the lineage."""
    assert context_of(plugin, monkeypatch, given) == TAGS


def test_a_failure_is_logged_and_never_raised(plugin: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    """A task of an unknown kind goes on untagged, and the log says so."""
    with caplog.at_level(logging.ERROR):
        plugin.LineageListener().on_task_instance_running(SimpleNamespace(dag_id="d"))
    assert "will not be tagged" in caplog.text


def documented(language: str) -> str:
    """The example in `language`, on the page on training code, of how a run is tagged."""
    page = (ROOT / "docs" / "training-code.md").read_text()
    examples = [each.split("```")[0] for each in page.split(f"```{language}\n")[1:]]
    return next(example for example in examples if "airflow." in example)


def test_the_documented_lines_do_what_the_plugin_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's example, run in a task, leaves the same five tags."""
    monkeypatch.setenv("MLFLOW_RUN_CONTEXT", "")
    monkeypatch.setattr("airflow.sdk.get_current_context", lambda: {"ti": TASK})
    exec(documented("python"), {})  # noqa: S102 - our own page
    assert json.loads(os.environ["MLFLOW_RUN_CONTEXT"]) == TAGS


def test_the_documented_template_gives_the_same_tags() -> None:
    """The page's value for containers renders, in Jinja as Airflow uses it, to the same five tags."""
    rendered = SandboxedEnvironment().from_string(documented("jinja")).render(ti=TASK)
    assert json.loads(rendered) == TAGS

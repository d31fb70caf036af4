"""The documentation, held against the code: what it lists is what there is, and what it shows works as shown."""

from __future__ import annotations

import ast
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bot.__main__ import command_line
from bot.access import MATRIX, Role, Scope
from bot.conversation.commands import discover
from bot.errors import ConfigError
from bot.installing import manifest_text
from bot.installing.manifest import SCOPES
from bot.launching.compute import as_conf
from bot.observing.metrics import Metrics
from bot.observing.routes import HEALTH, METRICS, READY
from bot.promoting.gates import Gate
from bot.promoting.gates import as_conf as as_gates
from bot.settings.config import Access, Config, ModelConfig, Settings, read_config, read_settings
from bot.settings.promotion import MetricGate, Promotion
from bot.settings.schedules import Schedules
from bot.settings.terms import BOUNDS, Budgets, Contract, Profile
from bot.store import Store

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = REPOSITORY / "docs"
PAGES = sorted([*DOCS.glob("*.md"), REPOSITORY / "README.md"])


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def table(text: str, *head: str) -> list[list[str]]:
    """The rows of the table with this head, cell by cell."""
    found = re.search(r"^\| " + re.escape(" | ".join(head)) + r" \|\n\|[-|]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE)
    assert found, f"no table with the head {head}"
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in found[1].splitlines()]


def blocks(text: str, language: str) -> list[str]:
    """What stands in the fences of this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def quoted(cell: str) -> list[str]:
    """The words in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def section(text: str, title: str) -> str:
    """From this heading to the next of its kind, or of a higher one."""
    _, marks, rest = re.split(rf"^(###?) {re.escape(title)}\n", text, maxsplit=1, flags=re.MULTILINE)
    return re.split(rf"^#{{2,{len(marks)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


# ---- every page ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """A link within the repository has a file at its end."""
    targets = re.findall(r"\]\((?!https?://)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_make_targets_exist(path: Path) -> None:
    """What the docs tell people to make can be made."""
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", path.read_text(encoding="utf-8"))) <= targets


# ---- install.md ---------------------------------------------------------------------------------------------------


def as_documented(field: FieldInfo) -> str:
    """A setting's default as the table has it."""
    if field.is_required():
        return "required"
    default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    return f"`{default}`" if default else "none"


def test_every_setting_is_documented_with_its_default() -> None:
    """The table has each variable; a variable that falls back to another one names it as its default."""
    rows = {quoted(name)[0]: default for name, default, _ in table(page("install"), "variable", "default", "meaning")}
    fields = {name.upper(): as_documented(field) for name, field in Settings.model_fields.items()}
    fallbacks = {name: default for name, default in rows.items() if quoted(default) and quoted(default)[0] in rows}
    assert fallbacks == {"AIRFLOW_PUBLIC_URL": "`AIRFLOW_URL`", "MLFLOW_PUBLIC_URL": "`MLFLOW_TRACKING_URI`"}
    assert {name: rows.get(name) for name in fields} == fields | fallbacks


def test_the_example_environment_is_complete() -> None:
    """Whoever fills in the example has all that the bot asks for."""
    (example,) = blocks(page("install"), "sh")
    settings = read_settings(dict(line.split("=", 1) for line in example.splitlines()))
    assert settings.airflow_username == "stationmaster"


def test_the_manifest_is_the_printed_one() -> None:
    """What can be copied is what `stationmaster manifest` prints."""
    assert blocks(page("install"), "yaml")[0] == manifest_text.text(environment={})


def test_each_scope_is_justified() -> None:
    """The table is the manifest's: which scope, what for, and what fails without it."""
    expected = [
        [f"`{scope.name}`{' (optional)' if scope.optional else ''}", scope.needed_for, scope.without]
        for scope in SCOPES
    ]
    assert table(page("install"), "bot scope", "needed for", "without it") == expected


def test_the_events_to_watch_are_logged() -> None:
    """Each event of the table is one that the code logs."""
    modules = [path for folder in ("bot", "commands") for path in (REPOSITORY / folder).rglob("*.py")]
    source = "".join(path.read_text(encoding="utf-8") for path in modules)
    events = [event for cell, _ in table(page("install"), "event", "means") for event in quoted(cell)]
    duties = set(re.findall(r"log\.\w+\(f\"\{name\}(\.\w+)\"", source))  # of whichever duty, by its name
    assert [
        event
        for event in events
        if not re.search(rf"log\.\w+\(\s*\"{re.escape(event)}\"", source)
        and not any(event.endswith(ending) for ending in duties)
    ] == []


async def test_the_backup_is_a_whole_copy(tmp_path: Path) -> None:
    """The lines for Python copy a database that is open elsewhere."""
    original, copy = tmp_path / "stationmaster.db", tmp_path / "copy.db"
    (code,) = blocks(section(page("operating"), "Backup"), "python")
    code = code.replace("/var/lib/stationmaster/stationmaster.db", str(original))
    code = code.replace("/backup/stationmaster.db", str(copy))
    store = await Store.open(f"sqlite:///{original}")
    exec(code, {})  # noqa: S102  # what a reader would type
    await store.close()
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM audit").fetchone() == (0,)


# ---- configuration.md ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("At the top", Config),
        ("`access`", Access),
        ("`compute`", Profile),
        ("`models`", ModelConfig),
        ("`contract`", Contract),
        ("`promotion`", Promotion),
        ("`gates`", MetricGate),
        ("`budgets`", Budgets),
        ("`schedules`", Schedules),
    ],
    ids=["top", "access", "compute", "models", "contract", "promotion", "gates", "budgets", "schedules"],
)
def test_every_key_is_documented_with_its_default(title: str, kind: type[Any]) -> None:
    """Each section's table is the section; a default that is a text is given as it is."""
    rows = {
        quoted(key)[0]: default
        for key, default, _ in table(section(page("configuration"), title), "key", "default", "meaning")
    }
    assert list(rows) == list(kind.model_fields)
    texts = {
        name: f"`{field.default}`"
        for name, field in kind.model_fields.items()
        if isinstance(field.default, str) and field.default
    }
    assert {name: rows[name] for name in texts} == texts


def test_the_example_configuration_is_read_and_shows_every_key(tmp_path: Path) -> None:
    """The file can be copied, and leaves no key unshown."""
    path = tmp_path / "stationmaster.yaml"
    path.write_text(blocks(page("configuration"), "yaml")[0], encoding="utf-8")
    config = read_config(path)
    assert config.model_fields_set == set(Config.model_fields)
    assert config.access.model_fields_set == set(Access.model_fields)
    assert config.budgets.model_fields_set == set(Budgets.model_fields)
    assert {key for profile in config.compute.values() for key in profile.model_fields_set} == set(Profile.model_fields)
    contracts = [model.contract for model in config.models.values() if model.contract]
    assert {key for contract in contracts for key in contract.model_fields_set} == set(Contract.model_fields)
    promotions = [model.promotion for model in config.models.values()]
    assert {key for each in promotions for key in each.model_fields_set} == set(Promotion.model_fields)
    gates = [gate for each in promotions for gate in each.gates.values()]
    assert {key for gate in gates for key in gate.model_fields_set} == set(MetricGate.model_fields)
    shown = {key for model in config.models.values() for key in model.model_fields_set}
    assert shown == set(ModelConfig.model_fields)


def test_the_bounds_of_a_contract_are_listed() -> None:
    """Those that the configuration takes, and no others."""
    (listed,) = re.findall(r"^Bounds are (.*?)\. ", page("configuration"), re.MULTILINE | re.DOTALL)
    assert tuple(quoted(listed)) == BOUNDS


def test_mistakes_are_reported_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words, lines and order are the bot's own."""
    text = section(page("configuration"), "Mistakes")
    monkeypatch.chdir(tmp_path)
    Path("stationmaster.yaml").write_text(blocks(text, "yaml")[0], encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_config(Path("stationmaster.yaml"))
    assert f"\n```\n{refused.value}\n```\n" in text


# ---- training-code.md ---------------------------------------------------------------------------------------------


def test_the_conf_that_a_dag_is_told_is_as_shown() -> None:
    """Key by key what the code hands over, and the lines that read it do so."""
    (shown,) = blocks(page("training-code"), "json")
    told = json.loads(shown)["stationmaster"]
    profile = Profile.model_validate({"backend": "sagemaker", "instance": "ml.g5.xlarge", "spot": True, "price": 1})
    assert told["compute"] == as_conf("gpu-small", profile.model_copy(update={"time_limit": 7200}))
    assert as_gates([Gate.model_validate(gate) for gate in told["gates"]]) == told["gates"]
    source = (REPOSITORY / "commands" / "run.py").read_text(encoding="utf-8")
    assert [key for key in told if f'"{key}": ' not in source] == []
    reading: dict[str, Any] = {}
    exec(section(page("training-code"), "What your DAG is told").split("```python\n")[1].split("```")[0], reading)  # noqa: S102
    assert reading["instance"](json.loads(shown)) == "ml.g5.xlarge"
    assert [reading["instance"](conf) for conf in (None, {}, {"stationmaster": {"compute": None}})] == [
        "ml.m5.large"
    ] * 3


# ---- access.md ----------------------------------------------------------------------------------------------------


def test_the_matrix_is_the_codes() -> None:
    """Cell by cell, in the code's order."""
    words = {Scope.ALL: "yes", Scope.CONTRACT: "in contract"}
    expected = [
        [right.value, *(words.get(row[role], str(row[role])) if role in row else "–" for role in Role)]
        for right, row in MATRIX.items()
    ]
    assert table(page("access"), "right", *Role) == expected


def test_each_commands_right_is_told() -> None:
    """The table is the registry's."""
    shown = {quoted(name)[0]: right for name, right in table(page("access"), "command", "right")}
    assert shown == {each.name: each.right.value for each in discover().commands.values() if each.name}


async def test_the_audit_trail_is_read_by_the_query(tmp_path: Path) -> None:
    """The query runs on the bot's own tables."""
    (query,) = blocks(page("access"), "sql")
    path = tmp_path / "stationmaster.db"
    await (await Store.open(f"sqlite:///{path}")).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(query).fetchall() == []


# ---- architecture.md and decisions.md -----------------------------------------------------------------------------


def test_the_layout_lists_every_module_of_the_bot() -> None:
    """No module is missing, and none is listed that is gone."""
    listed = re.findall(
        r"^  (\w+(?:\.py|/)) ", blocks(section(page("architecture"), "Where things are"), "")[0], re.MULTILINE
    )
    there = {path.name for path in (REPOSITORY / "bot").glob("*.py")} - {"__init__.py"}
    packages = {f"{path.parent.name}/" for path in (REPOSITORY / "bot").glob("*/__init__.py")}
    assert set(listed) == there | packages - {"airflow/", "mlflow/"}  # named with orchestrator.py and registry.py


def imports(path: Path) -> Iterator[str]:
    """The top-level names of what a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_libraries_are_imported_where_the_docs_say() -> None:
    """A library that talks to something is imported in its own place only."""
    places = {
        library: quoted(where)
        for names, where in table(page("architecture"), "library", "imported in")
        for library in quoted(names)
    }
    strays = [
        f"{path.relative_to(REPOSITORY)} imports {library}"
        for folder in ("bot", "commands")
        for path in (REPOSITORY / folder).rglob("*.py")
        for library in set(imports(path)) & places.keys()
        if not str(path.relative_to(REPOSITORY)).startswith(tuple(places[library]))
    ]
    assert strays == []


def test_every_dependency_has_its_reason() -> None:
    """What pyproject.toml asks for is what the two tables explain."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for asked, text in (
        (project["dependencies"], section(page("decisions"), "Dependencies").split("For development:")[0]),
        (project["optional-dependencies"]["dev"], page("decisions").split("For development:")[1]),
    ):
        explained = [name for names, _ in table(text, "package", "why") for name in quoted(names)]
        assert sorted(explained) == sorted(re.split(r"[\[<>=]", each)[0] for each in asked)


# ---- contributing.md ----------------------------------------------------------------------------------------------


def test_the_example_of_a_command_is_all_that_is_needed(tmp_path: Path) -> None:
    """In a copy of the code, its three files and nothing else make a command whose test passes."""
    for folder in ("bot", "commands", "templates", "demo", "tests"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.lock"))
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    files = re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```", page("contributing"), re.MULTILINE | re.DOTALL)
    assert len(files) == 3
    for name, text in files:
        assert not (tmp_path / name).exists()
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", files[-1][0]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_folders_of_tests_exist() -> None:
    """The table names folders that are there."""
    folders = [quoted(cell)[0] for cell, _ in table(page("contributing"), "folder", "has")]
    assert [folder for folder in folders if not (REPOSITORY / folder).is_dir()] == []


# ---- operating.md -------------------------------------------------------------------------------------------------


def test_every_metric_is_documented_with_its_labels() -> None:
    """The table is what a bot exposes: names as Prometheus has them, and labels."""
    exposed = {}
    for family in Metrics().families():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        exposed[name] = list(family.labels)
    shown = {
        quoted(name)[0]: quoted(labels)
        for name, labels, _ in table(page("operating"), "metric", "labels", "what it is")
    }
    assert shown == exposed


def test_every_probe_is_documented() -> None:
    """By its path."""
    assert [quoted(path)[0] for path, _, _ in table(page("operating"), "path", "says", "status")] == [
        HEALTH,
        READY,
        METRICS,
    ]


def test_the_command_lines_of_operating_are_taken() -> None:
    """Each line that begins with the program's name is one that it takes, as far as its options go."""
    lines = [
        re.split(r"  +|: ", line)[0].split()[1:]
        for block in blocks(page("operating"), "console")
        for line in block.splitlines()
        if line.startswith("stationmaster ")
    ]
    assert len(lines) >= 5
    for words in lines:
        assert command_line().parse_args(words).run

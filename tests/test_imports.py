"""The architecture's lines: who may import what. Read from the source, so that nothing has to run."""

from __future__ import annotations

import ast
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

SDKS = {  # a vendor's package, and the only modules that may know of it
    "slack_sdk": ["bot.chat", "bot.slack.*"],
    "slack_bolt": ["bot.slack.*"],
    "airflow_client": ["bot.airflow.sdk"],
    "mlflow": ["bot.mlflow.sdk"],
    "boto3": ["bot.cloud"],
    "botocore": ["bot.cloud"],
    "sqlalchemy": ["bot.store.*", "bot.jobs.*", "bot.migrations", "bot.migrations.*"],
    "alembic": ["bot.migrations", "bot.migrations.*"],
    "jinja2": ["bot.messages.templating", "bot.scheduling.dagfile"],
    "cronsim": ["bot.jobs.schedules", "bot.scheduling.cron"],
}
ADAPTERS = {"bot.chat", "bot.orchestrator", "bot.registry", "bot.cloud"}
ROOTS = {
    "bot.app",
    "bot.__main__",
    "bot.console",
    "bot.check.run",
    "bot.installing.live",
}  # these alone know the adapters
PARTS = {
    "bot.slack": ["bot.chat"],
    "bot.airflow": ["bot.orchestrator"],
    "bot.mlflow": ["bot.registry"],
}  # an adapter's own, and who else may know it
PURE = {
    "bot.access", "bot.conversation.answers", "bot.conversation.words", "bot.domain", "bot.errors",
    "bot.following.cards", "bot.following.comparison", "bot.following.controls", "bot.following.lineage",
    "bot.following.loglines", "bot.following.masking", "bot.following.runlines", "bot.installing.manifest",
    "bot.launching.budget", "bot.launching.compute", "bot.launching.contract", "bot.launching.price",
    "bot.messages.charts", "bot.messages.fitting", "bot.messages.limits", "bot.messages.markup", "bot.messages.phrases",
    "bot.parameters.params", "bot.parameters.paramwords", "bot.parameters.schemas",
    "bot.promoting.evidence", "bot.promoting.explaining", "bot.promoting.foureyes", "bot.promoting.gates",
    "bot.promoting.moves", "bot.promoting.sidebyside",
    *(f"bot.scheduling.{name}" for name in (
        "clock", "cron", "dayparts", "grammar", "hours", "moment", "monthly", "policy", "revisions", "said", "spec",
        "when", "wording",
    )),
    *(f"bot.forms.{name}" for name in (
        "elements", "fields", "kinds", "markdown", "moments", "options", "pages", "reading", "suggesting", "texts",
        "words",
    )),
}  # fmt: skip
WITHOUT_EFFECT = {
    "__future__", "collections", "cronsim", "dataclasses", "datetime", "decimal", "enum", "functools", "hashlib",
    "itertools", "json", "jsonschema", "math", "pydantic", "rapidfuzz", "re", "referencing", "typing", "zoneinfo",
}  # fmt: skip
RENDERING = "bot.messages.render"  # reads its templates once; what it makes of a message depends on nothing else


def modules(*packages: str) -> dict[str, Path]:
    """Every module of the packages, by its dotted name."""
    found = {}
    for package in packages:
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            parts = path.relative_to(REPOSITORY).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


PRODUCT = modules("bot", "commands")


ROOMS = {name for name, path in PRODUCT.items() if len(ast.parse(path.read_text(encoding="utf-8")).body) == 1}  # empty


def imported(path: Path, *, for_types: bool = True) -> set[str]:
    """The modules that a file imports, wherever in it; `from a import b` counts as `a` and `a.b`.

    Without `for_types`, what stands below `if TYPE_CHECKING:` is left out.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if not for_types and isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def packages(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def test_imports_are_read(tmp_path: Path) -> None:
    """The rules below would hold of anything if this found nothing."""
    sample = tmp_path / "sample.py"
    sample.write_text("import a.b\ndef f():\n    from c import d\nif TYPE_CHECKING:\n    from e import f\n")
    assert imported(sample) == {"a.b", "c", "c.d", "e", "e.f"}
    assert imported(sample, for_types=False) == {"a.b", "c", "c.d"}
    assert {"bot.app", "commands.run", "bot.store.schema"} <= PRODUCT.keys()
    assert PRODUCT.keys() >= PURE | ADAPTERS | ROOTS


@pytest.mark.parametrize("sdk", SDKS)
def test_a_vendors_package_is_imported_in_its_adapter_alone(sdk: str) -> None:
    """So that another can take its place, and its types go no further; and each rule is still needed."""
    users = {name for name, path in PRODUCT.items() if sdk in packages(imported(path))}
    assert users
    assert {name for name in users if not any(fnmatch(name, allowed) for allowed in SDKS[sdk])} == set()


@pytest.mark.parametrize("name", [name for name in PRODUCT if name.startswith("commands")])
def test_a_command_knows_no_adapter(name: str) -> None:
    """Neither Slack's wire nor Airflow's: it is given a Station, whose parts are Protocols."""
    assert imported(PRODUCT[name]) & (ADAPTERS | ROOTS) == set()
    assert [each for each in imported(PRODUCT[name]) if each.startswith("bot.airflow")] == []


@pytest.mark.parametrize("name", sorted(set(PRODUCT) - ROOTS))
def test_the_root_alone_knows_the_adapters(name: str) -> None:
    """Everything else meets them as Protocols; an adapter's own package is its own."""
    mine = {name} if name in ADAPTERS else set()
    assert imported(PRODUCT[name], for_types=False) & (ADAPTERS | ROOTS) - mine == set()


@pytest.mark.parametrize("part", PARTS)
def test_an_adapters_parts_are_its_own(part: str) -> None:
    """Nothing reaches past an adapter, but the roots."""
    users = {
        name for name, path in PRODUCT.items() if any(each.startswith(part) for each in imported(path, for_types=False))
    }
    assert {name for name in users if not name.startswith(part)} - set(PARTS[part]) - ROOTS == set()


@pytest.mark.parametrize("name", sorted(ADAPTERS) + [each for each in PRODUCT if each.startswith(tuple(PARTS))])
def test_an_adapter_knows_no_command(name: str) -> None:
    """It speaks of the domain, and of its vendor."""
    assert "commands" not in packages(imported(PRODUCT[name]))


@pytest.mark.parametrize("name", sorted(set(modules("bot")) - {"bot.conversation.commands"}))
def test_commands_are_found_not_imported(name: str) -> None:
    """`bot.conversation.commands` discovers them; nothing else in `bot` names one."""
    assert "commands" not in packages(imported(PRODUCT[name]))


@pytest.mark.parametrize("name", sorted(PURE))
def test_what_is_pure_touches_nothing(name: str) -> None:
    """Decisions, words and cards are made of values alone: no clock to wait for, no file, no socket."""
    names = imported(PRODUCT[name], for_types=False)
    assert packages(names) - WITHOUT_EFFECT - {"bot"} == set()
    mine = {each for each in names if each.startswith("bot") and each in PRODUCT} - ROOMS - {RENDERING}
    assert mine - PURE == set()


@pytest.mark.parametrize("name", sorted(PRODUCT))
def test_the_bot_knows_neither_the_demo_nor_the_tests(name: str) -> None:
    """They are reached by settings alone; no line speaks of them."""
    text = PRODUCT[name].read_text(encoding="utf-8").lower()
    assert [word for word in ("demo", "stand-in", "stand_in") if word in text] == []
    assert packages(imported(PRODUCT[name])) & {"demo", "tests", "bench"} == set()


@pytest.mark.parametrize("name", [name for name in modules("demo") if not name.startswith("demo.station")])
def test_the_stand_in_owes_the_bot_nothing(name: str) -> None:
    """It refuses by rules of its own: what checks the bot must not be made of it."""
    assert packages(imported(modules("demo")[name])) & {"bot", "commands", "slack_sdk", "slack_bolt"} == set()


def test_the_slow_packages_wait() -> None:
    """Neither SDK that takes a second to import is loaded before the bot is connected."""
    slow = ("mlflow", "airflow_client", "boto3", "pandas", "numpy")
    script = f"import sys, bot.app, bot.__main__; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")

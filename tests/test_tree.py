import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
LOCKS = (
    "requirements.lock",
    "demo/airflow.lock",
    "demo/mlflow.lock",
    "demo/postgres.lock",
    "tests/payloads/types/node.lock",
)

# In pieces, so that this file does not hold what it looks for.
REGISTRIES = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "registry.npm" + "js",
    "deb.debian" + ".org",
    "conda.anaconda" + ".org",
    "index" + "-url",
)
# Written as the tools' own options, which forbid the addresses that they name.
ALLOWED = ("--no-emit-" + "index" + "-url",)
PLACES = re.compile(r"(?<![\w.])/(?:home|Users|root|work|workspace)/[\w.]")


def tracked() -> list[Path]:
    """Every file of the tree that is under version control and is text."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True)  # noqa: S607
    files = [REPOSITORY / name for name in listed.stdout.split("\0") if name]
    return [path for path in files if path.is_file() and b"\0" not in path.read_bytes()]


@pytest.fixture(scope="module")
def tree() -> dict[str, str]:
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout")
    return {str(path.relative_to(REPOSITORY)): path.read_text(errors="replace") for path in tracked()}


def lines_that_hold(tree: dict[str, str], words: tuple[str, ...]) -> list[str]:
    found = []
    for name, text in tree.items():
        if any(word in text for word in words):
            for number, line in enumerate(text.splitlines(), start=1):
                for allowed in ALLOWED:
                    line = line.replace(allowed, "")
                if any(word in line for word in words):
                    found.append(f"{name}:{number}: {line.strip()[:100]}")
    return found


def test_no_registry_is_named(tree: dict[str, str]) -> None:
    """Packages come from whatever index the reader's machine is set to: no file names a host."""
    assert lines_that_hold(tree, REGISTRIES) == []


def test_no_machine_is_named(tree: dict[str, str]) -> None:
    """No file holds a path of the machine that it was written on."""
    found = [name for name, text in tree.items() if PLACES.search(text)]
    assert found == []


def test_the_search_finds_what_it_looks_for() -> None:
    """The two searches above are able to fail."""
    host, place = "https://" + REGISTRIES[0], "/ho" + "me/someone"
    assert lines_that_hold({"a": f"x\n{host}/simple"}, REGISTRIES) == [f"a:2: {host}/simple"]
    assert PLACES.search(f"cd {place}")
    assert not PLACES.search("https://example.com/ho" + "me/page")


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_pin_by_hash(lock: str) -> None:
    """Each requirement of each lock has one exact version and at least one SHA-256."""
    entries = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n", "", (REPOSITORY / lock).read_text(), flags=re.MULTILINE))
    loose = [entry.splitlines()[0] for entry in entries if not re.match(r"[\w.\[\]-]+==\S+", entry)]
    unhashed = [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert len(entries) > 1
    assert (loose, unhashed) == ([], [])


def normal(name: str) -> str:
    """A distribution's name as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_holds_every_dependency() -> None:
    """What pyproject.toml asks for is locked: an addition without `make lock` is noticed here."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {normal(re.split(r"[\[<>=~! ]", each, maxsplit=1)[0]) for each in asked}
    lock = (REPOSITORY / "requirements.lock").read_text()
    locked = {normal(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    assert names - locked == set()


def test_the_console_script_is_there() -> None:
    """`stationmaster` is installed and loads."""
    (script,) = entry_points(group="console_scripts", name="stationmaster")
    assert callable(script.load())


def test_the_wheel_is_complete(tmp_path: Path) -> None:
    """`pip install .` brings every file of bot, commands and templates, migrations too, and nothing else."""
    uv = shutil.which("uv") or shutil.which(REPOSITORY / ".cache" / "uv" / "bin" / "uv")
    if uv is None:
        pytest.skip("no uv: `make environments` fetches it")
    build = [uv, "build", "--wheel", "--python", sys.executable, "--out-dir", str(tmp_path)]
    built = subprocess.run(build, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {"bot", "commands", "templates"}
    tree = {path.relative_to(REPOSITORY) for path in tracked()}
    assert {str(path) for path in tree if path.parts[0] in shipped} - names == set()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == shipped

"""`docs/slack-rules.md`, held against the table of methods."""

import re
from pathlib import Path

from demo.slack import rates
from demo.slack.api import METHODS
from demo.slack.api.methods import Method

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "slack-rules.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Methods\n")[1].split("\n## ")[0]
VERDICT = re.compile(r"sure|seen|a guess")


def documented(method: Method) -> tuple[list[str], str]:
    """A method's scopes and calls a minute, as the table has them."""
    calls = "1 a second a channel" if method.budgets == rates.POST else str(method.budgets[0].calls)
    return list(method.scopes), calls


def test_every_method_is_documented_with_its_scopes_and_its_budget() -> None:
    """Row by row, in the code's order."""
    rows = re.findall(r"^\| `(\w+\.[\w.]+)` \| (.*) \| (.*) \|$", SECTION, re.MULTILINE)
    shown = {name: (re.findall(r"`([^`]+)`", scopes), calls) for name, scopes, calls in rows}
    assert shown == {name: documented(method) for name, method in METHODS.items()}
    assert [name for name, _, _ in rows] == list(METHODS)


def test_every_rule_says_how_sure_it_is() -> None:
    """Each row of the tables of rules ends with a verdict, and has a source unless it is a guess."""
    tables = re.findall(r"^\| rule \| .*\|\n\|[-|]+\|\n((?:\|.*\|\n?)+)", SECTION, re.MULTILINE)
    rows = [[cell.strip() for cell in row.strip("|").split(" | ")] for table in tables for row in table.splitlines()]
    assert len(rows) > 50
    assert [row for row in rows if len(row) != 3 or not VERDICT.match(row[2])] == []
    assert [row for row in rows if row[1] == "–" and row[2] != "a guess"] == []

"""README's table of commands is the registry's."""

from __future__ import annotations

import re
from pathlib import Path

from bot.conversation.commands import discover

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_table_of_commands_is_what_the_registry_has() -> None:
    """A command is added to README by being declared; this says what the table must be."""
    shown = re.search(r"<!-- commands.*?-->\n(.*?)<!-- end", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown
    rows = [f"| `/train {each.usage}` | {each.summary} |" for each in discover().commands.values() if each.name]
    assert shown[1].strip() == "\n".join(["| command | what it does |", "|---|---|", *rows])

"""Payloads written down as TypeScript, for `tsc` to hold against Slack's own types."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from demo.station.environments import environment, program
from tests.payloads.collection import Payload

HERE = Path(__file__).parent / "types"
_ENUMS = {"type", "style", "status", "align", "level", "width", "range", "trigger_actions_on", "include"}


def shape(value: Any, key: str = "") -> Any:
    """What types can tell of some JSON: texts are all alike, and so are equal items of a list."""
    if isinstance(value, dict):
        return {name: shape(each, name) for name, each in value.items()}
    if isinstance(value, list):
        different = {json.dumps(shape(each, key)): shape(each, key) for each in value}
        return list(different.values())
    return "…" if isinstance(value, str) and key not in _ENUMS else value


def written(payloads: Iterable[Payload]) -> str:
    """TypeScript, with a line for each shape that a message or a view has, and what first had it."""
    lines: dict[tuple[str, str], str] = {}
    for payload in payloads:
        line = f"({json.dumps(shape(payload.body))}) satisfies {payload.surface.title()};"
        lines.setdefault((payload.kind, line), f"{line} // {payload}")
    return "\n".join(['import type { Home, Message, Modal } from "./slack.js";', *lines.values(), ""])


def complaints(folder: Path, source: str) -> list[str]:
    """What `tsc --strict` says to the source, naming the payload of each line that is wrong.

    `folder` is an empty one to work in. Raises MissingEnvironmentError where `make` has not fetched Slack's types.
    """
    modules = environment("types") / "node_modules"
    for path in (*HERE.glob("*.ts"), HERE / "tsconfig.json"):
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "payloads.ts").write_text(source, encoding="utf-8")
    (folder / "node_modules").symlink_to(modules)
    command: list[Path | str] = [program("types", "node"), modules / "typescript" / "bin" / "tsc", "--project", folder]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    found = [_named(line, source.splitlines()) for line in lines if line.strip()]
    return found or ([] if done.returncode == 0 else [f"tsc ended with {done.returncode}"])


def _named(complaint: str, lines: list[str]) -> str:
    at = re.match(r"payloads\.ts\((\d+),", complaint)
    return f"{lines[int(at[1]) - 1].rpartition('// ')[2]}: {complaint}" if at else complaint

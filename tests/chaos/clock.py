"""The bots' time of day, which can be moved: by a small library that is preloaded into them."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """`environment` is what a process needs to go by this clock. Without a C compiler it is empty: no clock to move.

    SQLite's clock moves with it, as it is the process's own; PostgreSQL's does not: there replicas and database differ.
    """

    def __init__(self, folder: Path) -> None:
        self._offset: mmap.mmap | None = None
        self.environment: Mapping[str, str] = {}
        if compiler := shutil.which("cc"):
            library, offset = folder / "clock.so", folder / "clock"
            subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, SOURCE], check=True)
            offset.write_bytes(struct.pack("d", 0.0))
            with offset.open("r+b") as file:
                self._offset = mmap.mmap(file.fileno(), 8)
            self.environment = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(offset)}

    def move(self, seconds: float) -> None:
        """Let it be so much later than it is; 0 puts it right."""
        if self._offset:
            self._offset[:8] = struct.pack("d", seconds)

    @property
    def can_move(self) -> bool:
        """Whether there is one."""
        return self._offset is not None

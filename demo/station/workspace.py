"""The folder that holds everything a station writes: data, logs, process records and secrets."""

import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """Paths below one root; a folder is made, closed to other users, when it is first asked for."""

    root: Path

    def folder(self, name: str) -> Path:
        """Return the folder of that name."""
        path = self.root / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def log(self, process: str) -> Path:
        """Return where that process writes what it has to say."""
        return self.folder("logs") / f"{process}.log"

    def secret(self, name: str) -> str:
        """Return the secret of that name, 43 URL-safe characters, made once and kept with mode 0600."""
        path = self.folder("secrets") / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(32))
        return path.read_text()

    @property
    def records(self) -> Path:
        """Where each running process has its record; see `demo.station.process.sweep`."""
        return self.folder("processes")

"""What the tasks of this folder's DAGs share. Airflow reads it with them again and again: it imports nothing heavy."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import Context


def data() -> Path:
    """The folder of everything that the demo's tasks write."""
    return Path(os.environ.get("STATIONMASTER_DEMO_DATA") or Path(tempfile.gettempdir()) / "stationmaster-demo")


def summarise(context: Context, text: str) -> None:
    """Leave the task's result, in at most 100 characters, for the people who watch."""
    context["ti"].xcom_push("summary", text)

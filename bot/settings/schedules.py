"""Where schedules are kept, as a section of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from bot.settings.terms import Section

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$", max_length=40)]
Bucket = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Key = Annotated[str, StringConstraints(pattern=r"^(?:[\w!.*'()-]+(?:/[\w!.*'()-]+)*/?)?$", max_length=500)]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][\w.-]{0,199}$")]
_MASKED = ("access", "api_key", "apikey", "authorization", "passphrase", "passwd", "password", "secret", "token")


class Schedules(Section):
    """The store, and what it needs: `path` of a folder, `bucket` (and `prefix`) of S3, or the name of a `variable`."""

    store: Literal["folder", "s3", "variable"]
    name: Name = "stationmaster"  # what the ids of the schedules' DAGs begin with, and the DAG file's name
    path: Path | None = None
    bucket: Bucket | None = None
    prefix: Key = ""
    variable: VariableName = "stationmaster_schedules"
    failures: Annotated[int, Field(ge=1, le=100)] = 3  # in a row, after which a schedule is pointed out

    @model_validator(mode="after")
    def _whole(self) -> Schedules:
        if self.store == "folder" and (self.path is None or not self.path.is_absolute()):
            raise ValueError("a folder needs its path, from / on")
        if self.store == "s3" and self.bucket is None:
            raise ValueError("s3 needs a bucket")
        if any(word in self.variable.lower() for word in _MASKED):
            raise ValueError("Airflow hides what a Variable of that name holds; take another name")
        return self

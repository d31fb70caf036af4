"""Schedules' stores, in memory and real, and what the cases do to them behind the bot's back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import boto3

from bot.cloud import AwsCloud
from bot.orchestrator import AirflowOrchestrator
from bot.ports import Orchestrator, Specs
from bot.scheduling.folder import FolderSpecs
from bot.scheduling.objects import S3Specs
from bot.scheduling.variable import VariableSpecs, packed, unpacked
from tests.fakes import FakeSpecs

PREFIX = "contract"


class SpecsStage(Protocol):
    """A store, and a hand that writes where it keeps things."""

    @property
    def specs(self) -> Specs:
        """The store."""

    @property
    def other(self) -> Specs:
        """The same, as another process has it."""

    async def by_hand(self, spec_id: str, text: str) -> None:
        """Write this where the schedule of that id stands."""

    async def published(self) -> str | None:
        """The DAG file that the store has published; None where it publishes none."""


class FakeStage:
    """In memory."""

    def __init__(self) -> None:
        self.specs = self.other = self._fake = FakeSpecs(PREFIX)

    async def by_hand(self, spec_id: str, text: str) -> None:
        """See SpecsStage."""
        self._fake.write_by_hand(spec_id, text)

    async def published(self) -> str | None:
        """See SpecsStage."""
        return None


class FolderStage:
    """A folder of this machine's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.specs, self.other = FolderSpecs(folder, PREFIX), FolderSpecs(folder, PREFIX)

    async def by_hand(self, spec_id: str, text: str) -> None:
        """See SpecsStage."""
        path = self._folder / f"{PREFIX}_schedules" / f"{spec_id}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    async def published(self) -> str | None:
        """See SpecsStage."""
        return (self._folder / f"{PREFIX}_schedules.py").read_text()


class S3Stage:
    """A bucket of moto's server."""

    def __init__(self, url: str, bucket: str) -> None:
        self._bucket = bucket
        self._s3: Any = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
        self._s3.create_bucket(Bucket=bucket)
        self.specs = S3Specs(AwsCloud(patience=30), bucket, "airflow/dags/", PREFIX)
        self.other = S3Specs(AwsCloud(patience=30), bucket, "airflow/dags", PREFIX)

    async def by_hand(self, spec_id: str, text: str) -> None:
        """See SpecsStage."""
        key = f"airflow/dags/{PREFIX}_schedules/{spec_id}.json"
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=text.encode())

    async def published(self) -> str | None:
        """See SpecsStage."""
        answer = self._s3.get_object(Bucket=self._bucket, Key=f"airflow/dags/{PREFIX}_schedules.py")
        return str(answer["Body"].read().decode())


class VariableStage:
    """An Airflow Variable, in memory or of a real Airflow."""

    def __init__(self, orchestrator: Orchestrator, key: str) -> None:
        self._orchestrator, self._key = orchestrator, key
        self.specs = VariableSpecs(orchestrator, key, PREFIX)
        self.other = VariableSpecs(orchestrator, key, PREFIX)

    async def by_hand(self, spec_id: str, text: str) -> None:
        """See SpecsStage."""
        kept = json.loads(unpacked(await self._orchestrator.variable(self._key) or "{}"))
        await self._orchestrator.set_variable(self._key, packed(json.dumps({**kept, spec_id: text})))

    async def published(self) -> str | None:
        """See SpecsStage."""
        return None


def real_variable(url: str, username: str, password: str, key: str) -> VariableStage:
    """Over the adapter under test, generous with time."""
    return VariableStage(AirflowOrchestrator(url, username=username, password=password, read_timeout=30), key)

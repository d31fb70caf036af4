"""The models that there are: Airflow's tagged DAGs joined with the configuration, kept in the store.

Commands read what is kept, so they need no call to Airflow and work while it is down; a background loop refreshes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.conversation.words import nearest
from bot.domain import Pipeline
from bot.errors import NotFound, Refusal, UnknownWord
from bot.ports import Orchestrator
from bot.settings.config import Config, ConfigFile, ModelConfig
from bot.store import CatalogueEntry, CatalogueRow, Store, Transaction

LOOK = "catalogue"
NOT_STARTED = "Nothing was started."
Check = Callable[[Transaction], Awaitable[object]]
AT_ONCE = 4  # details asked of Airflow at the same time


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the catalogue. `trouble` says in words why it can't be trained now, else it is empty."""

    name: str
    dag_id: str
    contract: ModelConfig
    configured: bool
    pipeline: Pipeline | None
    trouble: str
    seen: datetime | None  # when Airflow last told about it

    @property
    def trainable(self) -> Pipeline:
        """The pipeline that trains it. Refusal, with its trouble, where it can't be trained now."""
        if self.pipeline is None or self.trouble:
            raise Refusal(f"{self.name} can't be trained now: {self.trouble}.", hint=NOT_STARTED)
        return self.pipeline

    @property
    def registered_model(self) -> str:
        """Its name in MLflow."""
        return self.contract.registered_model or self.name

    @property
    def description(self) -> str:
        """What it predicts: the owner's words, or the DAG's."""
        return self.contract.description or (self.pipeline.description if self.pipeline else "")


class Catalogue:
    """Reads and refreshes the kept catalogue."""

    def __init__(self, store: Store, orchestrator: Orchestrator, config: ConfigFile) -> None:
        self._store, self._orchestrator, self._config = store, orchestrator, config
        self._read: dict[str, tuple[str, Pipeline]] = {}  # by DAG: digest and what it was read as
        self._broken: Mapping[str, str] = {}  # DAG files that can't be imported, asked for while a model is missing
        self.refreshed: datetime | None = None  # by this process or another

    async def models(self) -> Sequence[Model]:
        """Every model, by name: those of the configuration, and tagged DAGs that it doesn't mention."""
        rows = {row.model: row for row in await self._store.catalogue.all()}
        return self._joined(rows)

    async def find(self, word: str) -> Model:
        """The model called `word` (case doesn't matter; its DAG's id will do). UnknownWord with the nearest."""
        models = await self.models()
        for model in models:
            if word.lower() in {model.name.lower(), model.dag_id.lower()}:
                return model
        raise UnknownWord("model", word, nearest(word, [model.name for model in models]))

    async def of_dag(self, dag_id: str) -> Model | None:
        """The model that this DAG trains."""
        return next((model for model in await self.models() if model.dag_id == dag_id), None)

    async def refresh(self, check: Check | None = None) -> None:
        """Ask Airflow what changed, and keep it. ServiceError where it doesn't answer; what is kept stays.

        `check` runs in the transaction that keeps it, and raises where another replica does this by now.
        """
        asked = datetime.now(UTC)
        tag = self._config.current().tag
        digests = await self._orchestrator.pipelines(tag)
        kept = {row.model: row for row in await self._store.catalogue.all()}
        due = [dag for dag, digest in digests.items() if dag not in kept or kept[dag].digest != digest]
        fresh = await self._ask(due)
        entries = [
            CatalogueEntry(
                model=dag, entry=fresh[dag].model_dump(mode="json") if dag in fresh else kept[dag].entry, digest=digest
            )
            for dag, digest in digests.items()
            if dag in fresh or dag in kept
        ]
        await self._look_for_missing(digests.keys())
        async with self._store.write() as tx:
            if check:
                await check(tx)
            await self._store.catalogue.replace(entries, tx)
            await self._store.looks.begin(LOOK, asked.timestamp(), tx)
            await self._store.looks.looked(LOOK, asked.timestamp(), tx)
        self.refreshed = asked

    async def stand_by(self) -> None:
        """Learn what the replica that refreshes has learned: the kept models are read anyway; when, and what isn't."""
        look = await self._store.looks.get(LOOK)
        if look is not None:
            await self._look_for_missing({row.model for row in await self._store.catalogue.all()})
            self.refreshed = datetime.fromtimestamp(look.last, UTC)

    async def _look_for_missing(self, dag_ids: Collection[str]) -> None:
        models = self._config.current().models
        missing = {contract.dag or name for name, contract in models.items()} - set(dag_ids)
        self._broken = await self._orchestrator.import_errors() if missing else {}

    async def refresh_one(self, dag_id: str) -> Pipeline:
        """The DAG as Airflow has it this moment. NotFound where it is gone."""
        return await self._orchestrator.pipeline(dag_id)

    async def _ask(self, dag_ids: Sequence[str]) -> Mapping[str, Pipeline]:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(dag_id: str) -> Pipeline | None:
            async with room:
                try:
                    return await self._orchestrator.pipeline(dag_id)
                except NotFound:
                    return None  # it went between the two questions

        answers = await asyncio.gather(*(one(dag_id) for dag_id in dag_ids))
        return {pipeline.dag_id: pipeline for pipeline in answers if pipeline}

    def _joined(self, rows: Mapping[str, CatalogueRow]) -> Sequence[Model]:
        config = self._config.current()
        named = {contract.dag or name: (name, contract) for name, contract in config.models.items()}
        models = [self._model(name, dag, contract, rows.get(dag), config) for dag, (name, contract) in named.items()]
        models += [self._model(dag, dag, None, row, config) for dag, row in rows.items() if dag not in named]
        return sorted(models, key=lambda model: model.name)

    def _model(
        self, name: str, dag_id: str, contract: ModelConfig | None, row: CatalogueRow | None, config: Config
    ) -> Model:
        pipeline = self._pipeline(row) if row else None
        return Model(
            name=name,
            dag_id=dag_id,
            contract=contract or ModelConfig(),
            configured=contract is not None,
            pipeline=pipeline,
            trouble=pipeline.trouble if pipeline else self._absence(dag_id, config),
            seen=datetime.fromtimestamp(row.refreshed_at, UTC) if row else None,
        )

    def _absence(self, dag_id: str, config: Config) -> str:
        if self.refreshed is None:
            return "I couldn't read Airflow yet"
        said = f"not in Airflow: no DAG {dag_id} has the tag {config.tag}"
        likely = sorted(self._broken.items(), key=lambda each: dag_id.lower() not in each[0].lower())
        return f"{said}, and {likely[0][0]} can't be imported ({likely[0][1]})" if likely else said

    def _pipeline(self, row: CatalogueRow) -> Pipeline:
        known = self._read.get(row.model)
        if known is None or known[0] != row.digest:
            known = self._read[row.model] = (row.digest, Pipeline.model_validate(row.entry))
        return known[1]

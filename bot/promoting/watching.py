"""Aliases that are moved in MLflow itself: noticed in bulk, entered in the ledger once, and told.

One replica looks every half minute, with one call for all models; MLflow's webhook lets any replica look at once.
Whoever looks, and however often: a move is entered only where the ledger still stands as it did before the look, and
under an id made of that, so that it is entered once. While the bot itself moves an alias nothing is entered for it.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from structlog import get_logger

from bot.catalogue import Model
from bot.duties import keep
from bot.errors import ServiceError
from bot.jobs import JobContext, RetryLater
from bot.promoting.leftovers import settle_left_over
from bot.promoting.outside import DELETED, MOVED
from bot.station import Station
from bot.store import AuditEntry, How, Move, Transaction

log = get_logger(__name__)
DUTY, LOOK = "aliases", "alias.look"
LOOK_EVERY = 30.0  # seconds
COUNT_EVERY = 300.0
ASK_AGAIN = 5.0
NOBODY = ("mlflow", "somebody in MLflow")

Key = tuple[str, str]  # a registered model, and an alias of it


class Change(NamedTuple):
    """An alias that stands elsewhere than the ledger says, which knew `made` moves of it."""

    model: Model
    key: Key
    made: int
    before: str | None
    after: str | None
    deleted: bool = False  # the version that held it


class Deleted(NamedTuple):
    """A version that held `alias` once through an approved promotion, and is there no longer."""

    model: Model
    registered_model: str
    alias: str
    version: str

    @property
    def id(self) -> str:
        """A version's number is given once, so it is deleted once."""
        return f"deleted:{_digest(self.registered_model, self.version)}"

    def args(self) -> dict[str, str]:
        """What the work that tells of it needs."""
        return self._asdict() | {"model": self.model.name}

    def entry(self) -> AuditEntry:
        """Its row in the audit trail, by which it is known to have been told."""
        return AuditEntry(
            id=self.id,
            actor=NOBODY[0],
            actor_name=NOBODY[1],
            action="promote",
            outcome="deleted outside",
            model=self.model.name,
            subject=f"{self.registered_model} v{self.version}",
            detail={"alias": self.alias},
        )


class Watching:
    """Looks while this replica has the duty."""

    def __init__(self, station: Station, *, every: float = LOOK_EVERY) -> None:
        self._station, self._every = station, every
        self._met: set[Key] = set()  # looked at before, by this process
        self._counted = -COUNT_EVERY

    async def follow(self) -> None:
        """Look for ever; where MLflow doesn't answer the next look tells."""

        async def look(_: int) -> None:  # needs no fence: what grew old is not entered
            await self.look()
            if time.monotonic() - self._counted >= COUNT_EVERY:
                await self.count()
                self._counted = time.monotonic()

        await keep(self._station.jobs, DUTY, self._every, look)

    async def look(self) -> None:
        """Hold every alias that counts against the ledger."""
        ledger = self._station.store.ledger
        await settle_left_over(self._station)
        models = await self._models()
        known = await ledger.positions({model for model, _ in models})  # before the look: see `_enter`
        by_name = {name: model for (name, _), model in models.items()}
        watched = models | {key: by_name[key[0]] for key in known}
        if not watched:
            return
        held = await self._station.registry.holders(by_name.keys())
        changes = [
            Change(model, key, made, last.after, held.get(key))
            for key, model in watched.items()
            if key in known
            for made, last in [known[key]]
            if last.after != held.get(key)
        ]
        for change in await self._told_deleted(changes):
            await self._enter(change)
        for key in watched.keys() - known.keys():
            await self._meet(watched[key], key, held.get(key))

    async def count(self) -> None:
        """Is every version still there that an alias could be rolled back to? One that is deleted is told once."""
        by_name = {name: model for (name, _), model in (await self._models()).items()}
        promoted = await self._station.store.ledger.promoted(by_name.keys())
        for name, version in sorted(await self._station.registry.deleted(promoted.keys()) if promoted else ()):
            told = Deleted(by_name[name], name, promoted[name, version], version)
            with suppress(_KnownAlready):
                await self._station.jobs.submit(f"{told.id}:tell", DELETED, told.args(), also=partial(self._note, told))

    async def _note(self, told: Deleted, tx: Transaction) -> None:
        if not await self._station.store.audit.append(told.entry(), tx):
            raise _KnownAlready

    async def _models(self) -> dict[Key, Model]:
        """The aliases that the configuration names, each with its model. Others count once they were promoted to."""
        found: dict[Key, Model] = {}
        for model in await self._station.catalogue.models():
            names = [model.registered_model, model.contract.promotion.copy_to]
            for name in filter(None, names):
                found.setdefault((name, model.contract.alias), model)
        return found

    async def _told_deleted(self, changes: list[Change]) -> list[Change]:
        """The same changes; those whose version was deleted say so."""
        versions = {(change.key[0], change.before) for change in changes if change.before}
        if not versions:
            return changes
        gone = await self._station.registry.deleted({(model, str(number)) for model, number in versions})
        return [change._replace(deleted=(change.key[0], change.before) in gone) for change in changes]

    async def _meet(self, model: Model, key: Key, now: str | None) -> None:
        """An alias that the ledger doesn't know: what holds it at the first look is taken as it is."""
        if key in self._met:
            if now:
                await self._enter(Change(model, key, 0, None, now))
            return
        ledger = self._station.store.ledger
        async with self._station.store.write() as tx:
            if await ledger.intended(*key, tx) or await ledger.made(*key, tx):
                return  # the bot itself moves it: the next look tells
            known = await self._known(key, tx)
            if not known and now:
                await ledger.add(_move(key, 0, None, now, How.ADOPTED), tx)
        self._met.add(key)
        if known and now:
            await self._enter(Change(model, key, 0, None, now))

    async def _known(self, key: Key, tx: Transaction) -> bool:
        """Was this alias looked at before, by whichever process? From now on it was."""
        at = time.time()
        return (await self._station.store.looks.begin(f"alias:{_digest(*key)}", at, tx)).first != at

    async def _enter(self, change: Change) -> None:
        """In one transaction: the move in the ledger, its row in the audit trail, and the work that tells of it."""
        reason = f"v{change.before} was deleted" if change.deleted else ""
        move = _move(change.key, change.made, change.before, change.after, How.OUTSIDE, reason)

        async def also(tx: Transaction) -> None:
            made = await self._station.store.ledger.made(*change.key, tx)
            if made != change.made or not await self._station.store.ledger.add(move, tx):
                raise _MovedMeanwhile
            await self._station.store.audit.append(_entry(change, move), tx)
            if change.deleted and change.before:
                told = Deleted(change.model, change.key[0], change.key[1], change.before)
                await self._station.store.audit.append(told.entry(), tx)  # so `count` doesn't tell it again

        try:
            await self._station.jobs.submit(f"{move.id}:tell", MOVED, _told(change, move), also=also)
        except _MovedMeanwhile:
            log.info("aliases.moved_meanwhile", model=change.key[0], alias=change.key[1])


async def soon(station: Station, delivery: str) -> None:
    """Look as soon as can be, for this delivery of MLflow's webhook; another one with its id changes nothing."""
    await station.jobs.submit(f"mlflow:{_digest(delivery)}", LOOK, {})


async def look_now(ctx: JobContext, args: dict[str, object], station: Station) -> None:
    """Carry out "alias.look"."""
    try:
        await Watching(station).look()
    except ServiceError as error:
        if ctx.age < LOOK_EVERY:  # else the duty has looked
            raise RetryLater(str(error), after=ASK_AGAIN) from error


class _KnownAlready(Exception):
    """This was told before."""


class _MovedMeanwhile(Exception):
    """What the look saw is no longer what there is: the next one tells."""


def _move(key: Key, made: int, before: str | None, after: str | None, how: How, reason: str = "") -> Move:
    return Move(
        id=f"{how}:{_digest(*key, str(made))}",
        registered_model=key[0],
        alias=key[1],
        before=before,
        after=after,
        how=how,
        reason=reason,
    )


def _told(change: Change, move: Move) -> dict[str, object]:
    return {"model": change.model.name, "move": move.id, "deleted": change.deleted}


def _entry(change: Change, move: Move) -> AuditEntry:
    detail = {"alias": move.alias, "before": move.before, "after": move.after, "deleted": change.deleted}
    return AuditEntry(
        id=move.id,
        actor=NOBODY[0],
        actor_name=NOBODY[1],
        action="promote",
        outcome="outside",
        model=change.model.name,
        subject=f"{move.registered_model} v{move.after or move.before}",
        detail=detail,
    )


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]

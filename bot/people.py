"""Who someone is, and which roles they have, read again at each use (kept for a minute at most)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

from bot.access import Right, Role, decide
from bot.catalogue import Model
from bot.domain import Person
from bot.errors import NotFound
from bot.ports import Chat
from bot.settings.config import EVERYONE, Access, ConfigFile

KEPT_SECONDS = 60.0
T = TypeVar("T")


class People:
    """Joins the configuration with Slack's people and user groups."""

    def __init__(self, chat: Chat, config: ConfigFile, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._people = _Kept(chat.person, clock)
        self._groups = _Kept(chat.group, clock)

    async def person(self, user_id: str) -> Person:
        """Who this is. An id that Slack doesn't know is an outsider."""
        try:
            return await self._people.get(user_id)
        except NotFound:
            return Person(id=user_id, name="someone", outsider=True)

    async def names(self, members: Iterable[str]) -> list[str]:
        """The names of these members for a reader: people by name, groups as such."""
        people = [member for member in members if member.startswith(("U", "W"))]
        names = [person.name for person in await asyncio.gather(*(self.person(user_id) for user_id in people))]
        return [*names, *("a user group" for member in members if member.startswith("S"))]

    async def roles(self, person: Person, model: Model | None = None) -> frozenset[Role]:
        """The person's roles towards one model; without a model, in the workspace (OWNER: of any model).

        A model without an entry in the configuration can be run by admins only, so nobody is its runner.
        """
        if person.outsider:
            return frozenset()
        config = self._config.current()
        lists = _workspace(config.access)
        if model is None:
            lists[Role.OWNER] = [member for each in config.models.values() for member in each.owners]
        else:
            lists[Role.OWNER] = model.contract.owners
            if model.contract.runners is not None:
                lists[Role.RUNNER] = model.contract.runners
            if not model.configured:
                lists[Role.RUNNER] = ()
            if model.contract.promotion.approvers is not None:
                lists[Role.APPROVER] = model.contract.promotion.approvers
        return frozenset([role for role, members in lists.items() if await self._among(person.id, members)])

    async def among(self, user_id: str, groups: Iterable[str]) -> list[str]:
        """Those of these user groups that this person is in."""
        return [group for group in groups if await self._among(user_id, [group])]

    async def is_among(self, user_id: str, members: Iterable[str]) -> bool:
        """Is this person listed, by id, by a group, or by `everyone`?"""
        return await self._among(user_id, members)

    async def runnable(self, person: Person, models: Iterable[Model]) -> list[Model]:
        """Those of the models that this person may run."""
        return [each for each in models if decide(Right.RUN, await self.roles(person, each), each.name).allowed]

    async def _among(self, user_id: str, members: Iterable[str]) -> bool:
        """Is this person listed, by id, by a group, or by `everyone`?"""
        listed = set(members)
        if user_id in listed or EVERYONE in listed:
            return True
        for group in sorted(member for member in listed if member.startswith("S")):
            try:
                if user_id in await self._groups.get(group):
                    return True
            except NotFound:
                continue  # a deleted group has no members
        return False


def _workspace(access: Access) -> dict[Role, Iterable[str]]:
    return {
        Role.VIEWER: access.viewers,
        Role.RUNNER: access.runners,
        Role.APPROVER: access.approvers,
        Role.ADMIN: access.admins,
        Role.AUDITOR: access.auditors,
    }


class _Kept(Generic[T]):
    """Answers of `ask`, kept for a minute."""

    def __init__(self, ask: Callable[[str], Awaitable[T]], clock: Callable[[], float]) -> None:
        self._ask, self._clock = ask, clock
        self._answers: dict[str, tuple[float, T]] = {}

    async def get(self, key: str) -> T:
        kept = self._answers.get(key)
        if kept is None or self._clock() - kept[0] > KEPT_SECONDS:
            kept = self._answers[key] = (self._clock(), await self._ask(key))
        return kept[1]

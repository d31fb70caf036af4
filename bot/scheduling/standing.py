"""How things stand for a schedule's owner now: gathered from the configuration, Slack and the store, for the policy."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.catalogue import Model
from bot.launching import budget
from bot.launching.budget import Balance
from bot.launching.history import quote_of
from bot.launching.launch import accounts_for
from bot.scheduling.policy import Standing
from bot.station import Station


async def standing(station: Station, model: Model, owner: str, compute: str) -> Standing:
    """Asks Slack about the owner, at most once a minute."""
    person = await station.people.person(owner)
    return Standing(
        model=model.name,
        contract=model.contract,
        pipeline=model.pipeline,
        owner=person.name,
        member=not person.outsider,
        roles=await station.people.roles(person, model),
        machines=station.config.current().compute,
        quote=await quote_of(station, model.dag_id, compute),
        balances=await balances(station, owner, model.name),
    )


async def balances(station: Station, owner: str, model: str) -> list[Balance]:
    """How the limited accounts stand that this person's run of the model counts against, the shortest first."""
    config = station.config.current()
    accounts = await accounts_for(station, owner, model)
    month = budget.month_of(datetime.now(UTC), ZoneInfo(config.zone))
    spent = await station.store.charges.spent(accounts, month, config.currency)
    return budget.balances(budget.limits(config.budgets, accounts), spent, config.currency)

"""May this be done to a schedule, as things are now? Asked again before anything is written."""

from __future__ import annotations

from bot.access import Right, decide
from bot.errors import NotAllowed, Refusal
from bot.launching.contract import breaches, in_words
from bot.scheduling.composing import Doing
from bot.scheduling.policy import misfit
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.standing import standing
from bot.station import Station


async def check_leave(
    station: Station, person_id: str, new: ScheduleSpec, there: ScheduleSpec | None, doing: Doing
) -> None:
    """Refusal unless this person may, and what the schedule would be fits today's policy; a pause needs only leave."""
    model = await station.catalogue.find(new.model)
    roles = await station.people.roles(await station.people.person(person_id), model)
    own = there is None or there.owner.id == person_id
    machine = str((new.compute or {}).get("name") or "")
    beyond = breaches(model.contract, model.trainable, new.conf, compute=machine) if _retrains(doing) else []
    decision = decide(Right.SCHEDULE, roles, model.name, own=own, in_contract=not beyond)
    if not decision.allowed:
        raise NotAllowed(f"Only owners of {model.name} may {in_words(beyond)}." if beyond and own else decision.why)
    if doing is not Doing.PAUSE:
        unfit = misfit(new.conf, machine, await standing(station, model, new.owner.id, machine))
        if unfit:
            raise Refusal(f"This schedule doesn't fit: {unfit.why}.")


async def may_steer(station: Station, person_id: str, model: str, owner: str) -> str:
    """Why this person may not pause or remove a schedule of this owner's; empty where they may."""
    about = await station.catalogue.find(model)
    roles = await station.people.roles(await station.people.person(person_id), about)
    return decide(Right.SCHEDULE, roles, about.name, own=owner == person_id).why


def _retrains(doing: Doing) -> bool:
    """Does it change what is trained? Then the contract binds the person who asks, not only the schedule's owner."""
    return doing in {Doing.CREATE, Doing.EDIT}

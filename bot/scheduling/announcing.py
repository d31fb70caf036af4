"""Schedules told of where they were asked for: made, changed, paused, resumed, handed over, removed."""

from __future__ import annotations

from datetime import datetime

from structlog import get_logger

from bot.conversation.answers import Proposal, Told
from bot.conversation.asked import Asked
from bot.domain import Posted
from bot.errors import ServiceError
from bot.jobs import JobContext
from bot.messages.markup import Markup, date, escape
from bot.scheduling.composing import Doing
from bot.scheduling.publishing import Published
from bot.scheduling.spec import ScheduleSpec
from bot.scheduling.zones import city
from bot.station import Station

log = get_logger(__name__)
MOMENT = "{date_short_pretty} {time}"


async def announce(
    ctx: JobContext, spec: ScheduleSpec, published: Published, asked: Asked, doing: Doing, station: Station
) -> None:
    """Say what was made or changed, and when it runs next, in the channel; remember where."""
    again = Proposal("Resume", f"resume {spec.id}") if published.paused else Proposal("Pause", f"pause {spec.id}")
    buttons = (again, Proposal("Edit", f"reschedule {spec.id}"))
    text = Markup(f"{_said(spec, asked, doing)}{_next(published, first=doing is Doing.CREATE)}")
    await say(ctx, spec, asked, Told(text=text, proposals=buttons), station)


async def say(ctx: JobContext, spec: ScheduleSpec, asked: Asked, told: Told, station: Station) -> None:
    """Post in the first of these places that the bot may write in: where it was asked, the model's channel, directly.

    The message takes the place of the one that told of the schedule before, whose buttons go.
    """
    kept = await station.store.schedules.get(spec.id)
    model = await station.catalogue.find(spec.model)
    places = [asked.channel, model.contract.channel or asked.person, asked.person]
    at = await station.posting.somewhere(f"{ctx.id}:told", places, told.render())
    if at is None:
        log.warning("schedule.told_nowhere", schedule=spec.id)
        return
    await station.store.schedules.announced(spec.id, at.channel, at.ts)
    if kept and kept.card_channel and kept.card_ts and kept.card_ts != at.ts:
        await _quiet(Posted(channel=kept.card_channel, ts=kept.card_ts), spec, station)
    if at.channel != asked.channel != asked.person:
        where = "our direct messages" if at.channel.startswith("D") else f"<#{at.channel}>"
        text = Markup(f"I'm not in this channel, so I said it in {where}.")
        await station.posting.try_to_tell(asked, Told(text=text))


async def _quiet(old: Posted, spec: ScheduleSpec, station: Station) -> None:
    """The earlier message says what was so, without buttons."""
    text = f"🗓 This schedule of {spec.model} has changed since."
    try:
        await station.chat.update(old, Told(text=text).render())
    except ServiceError as error:
        log.info("card.unreachable", schedule=spec.id, reason=str(error))


def named(spec: ScheduleSpec) -> Markup:
    """ "Mondays 06:00 (Amsterdam)"."""
    return Markup(escape(f"{spec.when.short} ({city(spec.zone)})"))


def _said(spec: ScheduleSpec, asked: Asked, doing: Doing) -> str:
    who, model, when = escape(asked.name), escape(spec.model), named(spec)
    match doing:
        case Doing.CREATE:
            return f"🗓 {who} scheduled {model}: {when}."
        case Doing.EDIT:
            return f"🗓 {who} changed a schedule of {model}: {when}."
        case Doing.RESUME:
            return f"🗓 {who} resumed {model}, {when}."
        case Doing.PAUSE:
            return f"⏸ {who} paused {model}, {when}, until {date(spec.paused_until, MOMENT)}."
        case Doing.HAND_OVER:
            return f"🗓 {model}, {when}, is {escape(spec.owner.name)}'s now: {who} handed it over."


def _next(published: Published, *, first: bool) -> str:
    if published.paused:
        return " It is paused in Airflow."
    if not published.next_run:
        return " It has nothing left to run."
    return f" {'First' if first else 'Next'} run {date(datetime.fromisoformat(published.next_run), MOMENT)}."

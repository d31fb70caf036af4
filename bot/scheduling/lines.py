"""A schedule in words: its state first, and what to do where something is wrong. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from bot.following.controls import Control
from bot.messages.markup import Markup, date, escape
from bot.scheduling.zones import city

if TYPE_CHECKING:  # what asks services is no part of what is pure
    from bot.scheduling.listing import Known

WHEN = "{date_short_pretty} {time}"


class State(NamedTuple):
    """How a schedule stands: a sign, and words; `advice` says what to do where something is wrong."""

    icon: str
    words: Markup
    advice: str = ""


def state_of(known: Known, now: datetime) -> State:
    """What Airflow makes of it, with the reason where it doesn't run."""
    seen = known.seen
    if known.broken:
        return State("❌", Markup(f"can't be read: {escape(known.broken)}"), "Mend it where it is kept, or remove it.")
    if known.missing:
        return State("⚠️", Markup("was taken away where schedules are kept"), "Remove it here too, or make it again.")
    if seen and seen.there and seen.broken:
        return State("❌", Markup(f"can't run: {escape(seen.broken)}"), "Edit it, or ask an admin to look at Airflow.")
    if seen and seen.at and not seen.there:
        return State("⚠️", Markup("Airflow doesn't show it"), "An admin has to look whether Airflow reads my schedules.")
    if seen and seen.paused:
        return _paused(known)
    if known.spec and known.spec.paused_until and known.spec.paused_until > now:
        return State("⏸", Markup(f"rests until {date(known.spec.paused_until, WHEN)}"))
    if times := known.times():
        return State("🗓", Markup(f"next {date(times[0], WHEN)}"))
    return State("⚪", Markup("has nothing left to run"), "Edit its last day, or remove it.")


def _paused(known: Known) -> State:
    told = known.told
    if why := told.get("misfit"):
        return State("⏸", Markup(f"paused by me: {escape(why)}"), "Resume it once that fits again.")
    if who := told.get("paused"):
        return State("⏸", Markup(f"paused by {escape(who)}"))
    return State("⏸", Markup("paused in Airflow itself"), "Resume it here, or there.")


def line(known: Known, now: datetime, *, named: bool = True) -> Markup:
    """ "🗓 *delays* Mondays 06:00 (Amsterdam) · next Mon 23 Nov 06:00 · Dana"; its owner only where they are `named`."""
    state = state_of(known, now)
    parts = [f"{state.icon} *{escape(known.model or known.id)}* {_when(known)}".rstrip(), state.words]
    return Markup(" · ".join([*parts, *([escape(known.spec.owner.name)] if named and known.spec else [])]))


def _when(known: Known) -> str:
    return escape(f"{known.spec.when.short} ({city(known.spec.zone)})") if known.spec else ""


def controls(known: Known, *, may_run: str = "", may_steer: bool = False, opens: bool = True) -> tuple[Control, ...]:
    """What this person can do with it now; `may_run` is what they would type to run it at once."""
    found = [Control("History", f"schedules {known.id}")] if opens and known.spec else []
    if may_run and known.spec:
        found.append(Control("Run now", may_run))
    if not may_steer:
        return tuple(found)
    question = "It runs no more. Its past runs stay."
    remove = Control("Remove", f"unschedule {known.id} --yes", "danger", question, "Remove the schedule")
    if known.spec is None or known.missing:
        return (*found, remove) if known.kept else tuple(found)
    rests = bool(known.seen and known.seen.paused) or _rests(known)
    again = Control("Resume", f"resume {known.id}") if rests else Control("Pause", f"pause {known.id}")
    hand = () if opens else (Control("Change owner", f"handover {known.id}"),)
    return (again, *found, Control("Edit", f"reschedule {known.id}"), *hand, remove)


def _rests(known: Known) -> bool:
    until = known.spec.paused_until if known.spec else None
    return until is not None and until > datetime.now(UTC)

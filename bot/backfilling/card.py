"""The card of a backfill: how many of its runs are over, and how. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from bot.domain import RunState
from bot.following.controls import Control
from bot.messages.markup import Markup, escape
from bot.messages.phrases import count
from bot.messages.render import Message

if TYPE_CHECKING:  # the store is no part of what is pure
    from bot.store import KeptBackfill

MOST_FAILED = 5  # that are named


class BackfillCard(Message):
    """One backfill: its progress first, then what failed."""

    template: ClassVar[str] = "backfill"
    icon: str
    headline: str
    aside: Markup
    detail: str = ""
    notes: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    stamp: str = ""


def backfill_card(
    kept: KeptBackfill, states: Sequence[RunState | None], days: Sequence[str], *, why: str = "", cost: str = ""
) -> BackfillCard:
    """`states` of its runs in order, None for what hasn't started; `why` says why no more start; `cost` so far."""
    many, found = len(states), Counter(states)
    failed = [day for day, state in zip(days, states, strict=True) if state in {RunState.FAILED, RunState.GONE}]
    over = sum(found[state] for state in (RunState.SUCCESS, RunState.FAILED, RunState.GONE))
    parts = [f"{found[RunState.SUCCESS]} fine", *([f"{len(failed)} failed"] if failed else [])]
    stopped = kept.state == "cancelled" or bool(why)
    going = many - over - found[None]
    parts += [f"{going} going"] if going else []
    parts += [f"{found[None]} not started"] if stopped and found[None] else []
    parts += [cost] if cost else []
    return BackfillCard(
        icon=_icon(over, many, going, stopped=stopped, failed=bool(failed)),
        headline=f"{kept.model}: {over} of {count(many, 'run')} of a backfill {'are' if many > 1 else 'is'} over",
        aside=Markup(f"asked for by {escape(kept.requested_by_name)}"),
        detail=" · ".join(parts),
        notes=tuple(_notes(kept, failed, why)),
        controls=() if stopped or over == many else (_stop(kept.model),),
        stamp=kept.id[-12:],
    )


def _icon(over: int, many: int, going: int, *, stopped: bool, failed: bool) -> str:
    if stopped and not going:
        return "⏹"
    if over < many:
        return "🚂"
    return "⚠️" if failed else "✅"


def _notes(kept: KeptBackfill, failed: Sequence[str], why: str) -> list[str]:
    notes = [f"stopped by {kept.cancelled_by}"] if kept.cancelled_by else [f"no more are started: {why}"] if why else []
    if failed:
        more = f" and {len(failed) - MOST_FAILED} more" if len(failed) > MOST_FAILED else ""
        notes.append(f"failed: {', '.join(failed[:MOST_FAILED])}{more}")
    return notes


def _stop(model: str) -> Control:
    question = "Runs that haven't started won't; those that go on are left to end."
    return Control("Stop", f"backfill {model} --stop", "danger", question, "Stop the backfill")

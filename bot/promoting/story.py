"""How versions came to hold aliases, by the ledger and the votes in the store; MLflow's tags are no part of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.messages.markup import Markup, date, escape
from bot.messages.phrases import listed
from bot.promoting.card import APPROVED, DAY_AND_TIME, REJECTED
from bot.station import Station
from bot.store import Decision, How, Move, Promotion


@dataclass(frozen=True, slots=True)
class Chapter:
    """One move of an alias, and the request that led to it with its votes."""

    move: Move
    promotion: Promotion | None = None
    votes: Sequence[Decision] = ()


async def chapters(station: Station, moves: Sequence[Move]) -> list[Chapter]:
    """The moves with what led to them, newest first."""
    return [await _chapter(station, move) for move in reversed(moves)]


async def _chapter(station: Station, move: Move) -> Chapter:
    promotion = await station.store.promotions.get(move.promotion) if move.promotion else None
    if promotion is None or move.how != How.PROMOTION:
        return Chapter(move)
    return Chapter(move, promotion, await station.store.decisions.on(promotion.id))


def in_words(chapter: Chapter) -> Markup:
    """ "Sat 21 Nov 11:05 · production: v11 → v13 · approved by Omar, asked by Dana: “weather fixed”"."""
    move = chapter.move
    before = f"v{escape(move.before)} → " if move.before else ""
    after = f"v{escape(move.after)}" if move.after else "nothing"
    parts = [_when(move.at), f"{escape(move.alias)}: {before}{after}", *_by_whom(chapter)]
    return Markup(" · ".join(parts))


def _by_whom(chapter: Chapter) -> Iterator[str]:
    move, promotion = chapter.move, chapter.promotion
    match move.how:
        case How.OUTSIDE:
            yield "moved in MLflow itself: nobody approved it through me"
        case How.ADOPTED:
            yield "so it was when I first looked: who approved it is not on my record"
        case How.ROLLBACK:
            yield f"rolled back by {escape(move.by_name or 'somebody')}{_quoted(move.reason)}"
        case _ if promotion:
            yield f"{approval(chapter)}, asked by {escape(promotion.requested_by_name)}{_quoted(promotion.reason)}"
            if promotion.override:
                yield f"although gates failed{_quoted(promotion.override)}"
        case _:
            yield f"promoted by {escape(move.by_name or 'somebody')}{_quoted(move.reason)}"


def approvals(chapter: Chapter) -> list[Decision]:
    """The approvals that counted."""
    voided = chapter.promotion.voided if chapter.promotion else {}
    return [each for each in chapter.votes if each.verdict == APPROVED and each.person not in voided]


def approval(chapter: Chapter) -> str:
    """Who approved it, each with their reason where they gave one."""
    names = listed([f"{escape(each.name or 'somebody')}{_quoted(each.reason)}" for each in approvals(chapter)])
    return f"approved by {names}" if names else "approved by nobody on my record"


def request_in_words(promotion: Promotion, votes: Sequence[Decision]) -> Markup:
    """A request that moved no alias: "production: asked for by Dana Sat 21 Nov 10:58, rejected by Omar: “too soon”"."""
    asked = f"{escape(promotion.alias)}: asked for by {escape(promotion.requested_by_name)} {_when(promotion.created)}"
    against = [each.name or "somebody" for each in votes if each.verdict == REJECTED]
    match promotion.state:
        case "waiting":
            ended = f"waits for {'an approval' if promotion.needed == 1 else f'{promotion.needed} approvals'}"
        case "rejected":
            ended = f"rejected by {escape(listed(against) or 'somebody')}{_quoted(promotion.why)}"
        case "withdrawn" | "expired" | "approved":
            ended = str(promotion.state)
        case "moving":
            ended = "approved, and being carried out"
        case state:
            ended = f"{escape(str(state))}{_quoted(promotion.why)}"
    return Markup(f"{asked}{_quoted(promotion.reason)}, {ended}")


def _quoted(reason: str) -> str:
    return f": “{escape(reason)}”" if reason else ""


def _when(at: float) -> Markup:
    return date(datetime.fromtimestamp(at, UTC), DAY_AND_TIME)

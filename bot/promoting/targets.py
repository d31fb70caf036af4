"""What an alias may be rolled back to: versions that held it through an approved promotion, from the ledger alone."""

from __future__ import annotations

from collections.abc import Sequence

from bot.station import Station
from bot.store import Move, Promotion


def before(targets: Sequence[Move], now: str | None) -> Move | None:
    """Of the promotions to an alias, newest first, the one to go back to from the version `now` by default.

    It is the one before that version's own; where that version never was promoted (it was moved there in MLflow), the
    newest.
    """
    at = next((index for index, move in enumerate(targets) if move.after == now), None)
    rest = targets if at is None else targets[at + 1 :]
    return rest[0] if rest else None


async def back_from(station: Station, promotion: Promotion) -> str:
    """The version to offer on this request's card: while its own holds the alias; empty where there is none."""
    ledger, where = station.store.ledger, (promotion.registered_model, promotion.alias)
    now = await ledger.intended(*where) or await ledger.current(*where)
    if now is None or now.after != promotion.version:
        return ""
    target = before(await ledger.targets(*where), promotion.version)
    if now.state == "intended" and now.promotion == promotion.id:  # its own promotion is not among them yet
        others = [move for move in await ledger.targets(*where) if move.after != promotion.version]
        target = others[0] if others else None
    return (target.after or "") if target else ""

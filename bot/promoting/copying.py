"""A version copied to another registered model, where the configuration keeps environments apart."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import NotFound, ServiceDenied, ServiceRejected
from bot.jobs import RetryLater
from bot.promoting.leftovers import settle_left_over
from bot.promoting.moving import IN_TURN, intended, move_of
from bot.promoting.tagging import approvals, tags_of
from bot.station import Station
from bot.store import Move, Promotion


async def copy(station: Station, promotion: Promotion, target: str) -> dict[str, str]:
    """Copy the version to the other registered model, once; its number there, or why it is `refused`."""
    try:
        version = await station.registry.version(promotion.registered_model, promotion.version)
        if version is None:
            return {"refused": f"v{promotion.version} was deleted in MLflow before it was copied"}
        made = await station.registry.copy_version(version, target, promotion.id)
        await station.registry.tag_model(target, tags_of(promotion, await approvals(station, promotion)))
    except (ServiceRejected, ServiceDenied, NotFound) as error:
        return {"refused": f"the copy to {target} failed: {error.sentence.removesuffix('.')}"}
    return {"model": target, "version": made.version}


async def copied_move(promotion: Promotion, station: Station, copied: dict[str, str]) -> Move:
    """The hold on the other model's alias. RetryLater while somebody else has it."""
    known = await station.store.ledger.get(f"{promotion.id}:copy")
    if known:
        return known
    await settle_left_over(station)
    made = await station.store.ledger.made(copied["model"], promotion.alias)
    held = await station.registry.holder(copied["model"], promotion.alias)
    move = replace(
        move_of(promotion),
        id=f"{promotion.id}:copy",
        registered_model=copied["model"],
        before=held.version if held else None,
        after=copied["version"],
    )
    kept = await intended(station, move, made)
    if kept is None:
        raise RetryLater("another move of the copy's alias goes on", after=IN_TURN)
    return kept

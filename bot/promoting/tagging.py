"""What MLflow is told of a promotion, as tags of the version and its model. The record is the bot's own."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.errors import NotFound, ServiceDenied, ServiceRejected
from bot.promoting.card import APPROVED
from bot.promoting.showing import refreshed
from bot.station import Station
from bot.store import Decision, Promotion

LONGEST_TAG = 4_000  # characters; MLflow takes 5,000


async def tag(station: Station, promotion: Promotion) -> str:
    """Tag the version and its model; why MLflow refuses, which stops nothing: the record is the bot's own."""
    tags = tags_of(promotion, await approvals(station, promotion))
    try:
        await station.registry.tag_version(promotion.registered_model, promotion.version, tags)
        await station.registry.tag_model(promotion.registered_model, tags)
    except (ServiceRejected, ServiceDenied, NotFound) as error:
        return error.sentence
    return ""


async def approvals(station: Station, promotion: Promotion) -> list[Decision]:
    """The approvals that count."""
    now = await refreshed(station, promotion)
    votes = await station.store.decisions.on(promotion.id)
    return [each for each in votes if each.verdict == APPROVED and each.person not in now.voided]


def tags_of(promotion: Promotion, approved: list[Decision]) -> dict[str, str]:
    """What MLflow is told: who asked, who approved, why, when, and by which evidence."""
    at = datetime.fromtimestamp(promotion.decided or promotion.created, UTC)
    told = {
        "promoted": f"v{promotion.version} to {promotion.alias}",
        "requested_by": f"{promotion.requested_by_name} ({promotion.requested_by or 'by itself'})",
        "approved_by": ", ".join(f"{each.name} ({each.person})" for each in approved),
        "reason": promotion.reason,
        "promoted_at": at.isoformat(timespec="seconds"),
        "evidence": promotion.digest,
        "promotion": promotion.id,
        "override": promotion.override,
    }
    return {f"stationmaster.{name}": value[:LONGEST_TAG] for name, value in told.items() if value}

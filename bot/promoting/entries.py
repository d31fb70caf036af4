"""What the audit trail keeps of promotions and rollbacks."""

from __future__ import annotations

from typing import Any

from bot.store import AuditEntry, Promotion

STATIONMASTER = ("stationmaster", "Stationmaster")


def entry(
    promotion: Promotion, key: str, outcome: str, by: tuple[str, str] = STATIONMASTER, **detail: Any
) -> AuditEntry:
    """One row about a request; `key` makes it the only one of its kind, `by` is a person's id and name."""
    told = {"alias": promotion.alias, "promotion": promotion.id, "evidence": promotion.digest} | detail
    return AuditEntry(
        id=f"{promotion.id}:{key}",
        actor=by[0],
        actor_name=by[1],
        action="promote",
        outcome=outcome,
        model=promotion.model,
        subject=f"{promotion.registered_model} v{promotion.version}",
        detail=told,
        job_id=promotion.id,
    )

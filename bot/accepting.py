"""Accepting work: written down with its audit row, in one transaction, before anybody is told."""

from __future__ import annotations

from dataclasses import asdict

from bot.commands import Asked, Call, Work
from bot.interpret import Request
from bot.store import AuditEntry


async def accept(request: Request, call: Call, action: str, work: Work) -> bool:
    """Keep the work under the request's id; False, and nothing changed, where it was accepted before."""
    call.station.posting.remember(request.id, request.response_url)
    entry = AuditEntry(
        id=f"{request.id}:accepted",
        actor=call.person.id,
        actor_name=call.person.name,
        action=action,
        outcome="accepted",
        model=call.model.name if call.model else None,
        subject=work.subject or None,
        detail=work.args,
        job_id=request.id,
    )
    asked = Asked(request.id, call.person.id, call.person.name, request.channel, request.text)
    return await call.station.jobs.submit(
        request.id,
        work.kind,
        {"asked": asdict(asked), **work.args},
        also=lambda tx: call.station.store.audit.append(entry, tx),
    )

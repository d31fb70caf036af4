"""Accepting work: written down with its audit row, in one transaction, before anybody is told."""

from __future__ import annotations

from dataclasses import asdict

from bot.conversation.asked import Asked
from bot.conversation.commands import Call, Work
from bot.conversation.interpret import Request
from bot.store import AuditEntry, Transaction


async def accept(request: Request, call: Call, action: str, work: Work) -> bool:
    """Keep the work under the request's id; False, and nothing changed, where it was accepted before."""
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
    asked = Asked(request.id, call.person.id, call.person.name, request.channel, request.text or work.words)

    async def also(tx: Transaction) -> None:
        await call.station.store.audit.append(entry, tx)
        await call.station.posting.answerable.remember(request.id, request.response_url, tx)
        if work.also:
            await work.also(tx, request.id)

    args = {"asked": asdict(asked), **work.args}
    return await call.station.jobs.submit(request.id, work.kind, args, also=also, about=work.args.get("dag_id"))

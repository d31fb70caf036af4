"""The buttons of a request to promote: Approve, Reject…, Withdraw."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from bot.access import Right
from bot.conversation.answers import Told
from bot.conversation.commands import Call, FieldErrors, Submitted, action, form
from bot.messages.render import Modal
from bot.promoting.card import APPROVED, REJECTED, WITHDRAWN
from bot.promoting.voting import open_request, refused_to, vote
from bot.store import Draft


class RejectForm(Modal):
    """Asks why a request is rejected; `name` is who asked for it."""

    template: ClassVar[str] = "reject"
    headline: str
    name: str
    draft: str


@action("approve", right=Right.READ)
async def approve(call: Call, promotion_id: str) -> Told:
    """Approve. Whether this person may depends on the request's evidence."""
    return await vote(call, promotion_id, APPROVED)


@action("reject", right=Right.READ)
async def reject(call: Call, promotion_id: str) -> RejectForm | Told:
    """The form for the reason, for who may reject."""
    promotion = await open_request(call.station, promotion_id)
    if refused := await refused_to(call, promotion, REJECTED):
        return refused
    draft = Draft(
        id=uuid4().hex,
        person=call.person.id,
        channel=call.channel,
        model=promotion.model,
        data={"promotion": promotion.id},
    )
    await call.station.store.drafts.save(draft)
    headline = f"{promotion.model} v{promotion.version} into {promotion.alias}"
    return RejectForm(headline=headline, name=promotion.requested_by_name, draft=draft.id)


@form("reject", right=Right.READ)
async def rejected(call: Call, submitted: Submitted) -> Told | FieldErrors:
    """Reject, with the reason that was given."""
    reason = str((submitted.values.get("reason", {}).get("reason") or {}).get("value") or "").strip()
    if not reason:
        return FieldErrors({"reason": "Say why: a rejection needs a reason."})
    return await vote(call, submitted.draft.data["promotion"], REJECTED, reason)


@action("withdraw", right=Right.READ)
async def withdraw(call: Call, promotion_id: str) -> Told:
    """Take the request back."""
    return await vote(call, promotion_id, WITHDRAWN)

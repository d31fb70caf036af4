"""Modals: opened within three seconds of what was done, filled in by pages, submitted once.

What a form is about stands in the store as a draft; the modal holds only the draft's id. So the form survives a
restart, may be answered by any replica, and is one request however often it is submitted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from structlog import get_logger
from structlog.contextvars import bound_contextvars

from bot.conversation.accepting import accept
from bot.conversation.answering import Answering
from bot.conversation.answers import Notice, Proposal, Told
from bot.conversation.commands import Call, FieldErrors, Form, Registered, Submitted, Work
from bot.conversation.interpret import Interpreter, Request
from bot.errors import Refusal, ServiceError, ServiceRejected
from bot.messages.render import Message, Modal, Rendered
from bot.observing.tracing import span
from bot.station import Station

log = get_logger(__name__)
TOO_LATE = {"expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged", "invalid_trigger_id"}
OVER = "This form is no longer open. Begin it anew."


class Modals:
    """Opens what a command returns, and hands what was filled in to what `@form` declares."""

    def __init__(
        self, station: Station, registered: Registered, interpreter: Interpreter, answering: Answering
    ) -> None:
        self._station, self._forms = station, registered.forms
        self._interpreter, self._answering = interpreter, answering

    async def open(self, request: Request, modal: Modal) -> Rendered | None:
        """Open the modal; where Slack gives no chance to, offer a button that does."""
        if request.trigger:
            try:
                await self._station.chat.open_view(request.trigger, modal.render())
                return None
            except ServiceRejected as error:
                if error.detail not in TOO_LATE:
                    raise
        if not request.text:  # a button's, whose value isn't a command
            return Told(text="That took Slack too long to open. Click once more.").render()
        return Told(text="A click opens the form.", proposals=(Proposal("Open the form", request.text),)).render()

    async def submit(self, request: Request, callback_id: str, submitted: Submitted) -> dict[str, Any]:
        """What Slack is to do with the submitted modal: its `response_action`."""
        try:
            form, call, submitted = await self._read(request, callback_id, submitted)
            request = replace(request, id=f"form:{submitted.draft.id}", channel=submitted.draft.channel)
            with span(f"request {form.name}", request=request.id):
                return await self._response(request, call, form, await form.handler(call, submitted))
        except Exception as error:  # noqa: BLE001  # the person is told, in the modal
            return {"response_action": "update", "view": self._notice(error, callback_id)}

    async def click(self, request: Request, callback_id: str, submitted: Submitted, view_id: str) -> None:
        """A button within the modal: what it shows next."""
        try:
            form, call, submitted = await self._read(request, callback_id, submitted)
            shown = await form.handler(call, submitted)
            view = shown.render() if isinstance(shown, Modal) else None
        except Exception as error:  # noqa: BLE001  # the person is told, in the modal
            view = self._notice(error, callback_id)
        try:
            if view:
                await self._station.chat.update_view(view_id, view)
        except ServiceError as error:
            log.warning("modal.not_updated", error=str(error))

    async def suggest(
        self, request: Request, callback_id: str, submitted: Submitted, typed: str
    ) -> list[dict[str, Any]]:
        """The choices that a menu offers for what was typed so far: options, or groups of them."""
        try:
            form, call, submitted = await self._read(request, callback_id, submitted)
        except (Refusal, ServiceError) as error:
            log.info("suggest.refused", reason=str(error))
            return []
        return await form.suggest(call, submitted, typed) if form.suggest else []

    async def _read(self, request: Request, callback_id: str, submitted: Submitted) -> tuple[Form, Call, Submitted]:
        form, draft_id = self._forms.get(callback_id), submitted.metadata.rpartition(" ")[2]
        draft = await self._station.store.drafts.get(draft_id)
        if form is None or draft is None or draft.person != request.person:
            raise Refusal(OVER)
        call = await self._interpreter.call(
            replace(request, id=f"form:{draft.id}", channel=draft.channel), form.right, draft.model
        )
        return form, call, replace(submitted, kept=draft)

    async def _response(self, request: Request, call: Call, form: Form, result: Any) -> dict[str, Any]:
        match result:
            case FieldErrors():
                return {"response_action": "errors", "errors": dict(result.by_block)}
            case Modal():
                return {"response_action": "update", "view": result.render()}
            case Work():
                accepted = await accept(request, call, form.name, result)
                self._answering.came(form.name, "accepted" if accepted else "repeated")
            case Message():
                self._answering.came(form.name, "answered")
                await self._answering.deliver(request, result.render())
        return {"response_action": "clear"}

    def _notice(self, error: Exception, callback_id: str) -> dict[str, Any]:
        with bound_contextvars(form=True):
            refused = self._answering.excuse(error, callback_id if callback_id in self._forms else "unknown")
        return Notice(sentence=refused.sentence, hint=refused.hint).render()

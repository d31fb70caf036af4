"""`response_url`: late answers to an interaction, by whoever holds the URL."""

from functools import partial
from typing import Any

from aiohttp import web

from demo.slack.backend import Backend
from demo.slack.content import read_content
from demo.slack.deliveries import Deliveries
from demo.slack.errors import SlackError
from demo.slack.faults import Faults
from demo.slack.tickets import ResponseUrl


class Responses:
    """Serves `/response/{secret}`."""

    def __init__(self, backend: Backend, deliveries: Deliveries, faults: Faults) -> None:
        self._backend = backend
        self._deliveries = deliveries
        self._faults = faults

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Post, replace or delete, and answer `{"ok": true}` or Slack's error."""
        return await self._faults.serve("response_url", request, partial(self._handle, request))

    async def _handle(self, request: web.Request, refusal: SlackError | None) -> web.Response:
        try:
            if refusal is not None:
                raise refusal
            self._apply(self._backend.response_urls.use(request.path), await _body(request))
        except SlackError as exc:
            status = 400 if exc.status == 200 else exc.status  # no method of the API, which says 200 to all
            return web.json_response(exc.answer(), status=status, headers=exc.headers)
        return web.json_response({"ok": True})

    def _apply(self, url: ResponseUrl, body: dict[str, Any]) -> None:
        workspace = self._backend.workspace
        original = workspace.find(url.channel, url.ts) if url.ts is not None else None
        if body.get("delete_original") and original is not None:
            workspace.delete(original)
        elif body.get("replace_original") and original is not None:
            workspace.edit(original, read_content(body, editing=True))
        elif not body.get("delete_original"):
            self._deliveries.respond(url.channel, url.user, body)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as exc:
        raise SlackError("invalid_payload", status=400) from exc
    if not isinstance(body, dict):
        raise SlackError("invalid_payload", status=400)
    return body

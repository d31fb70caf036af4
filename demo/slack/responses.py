"""`response_url`: late answers to an interaction, by whoever holds the URL."""

from typing import Any

from aiohttp import web

from demo.slack.backend import Backend
from demo.slack.content import read_content
from demo.slack.deliveries import Deliveries
from demo.slack.errors import SlackError
from demo.slack.tickets import ResponseUrl


class Responses:
    """Serves `/response/{secret}`."""

    def __init__(self, backend: Backend, deliveries: Deliveries) -> None:
        self._backend = backend
        self._deliveries = deliveries

    async def handle(self, request: web.Request) -> web.Response:
        """Post, replace or delete, and answer `{"ok": true}` or Slack's error."""
        try:
            body = await request.json()
            if not isinstance(body, dict):
                raise SlackError("invalid_payload", status=400)
            self._apply(self._backend.response_urls.use(request.path), body)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        except SlackError as exc:
            return web.json_response(exc.answer(), status=exc.status)
        return web.json_response({"ok": True})

    def _apply(self, url: ResponseUrl, body: dict[str, Any]) -> None:
        workspace = self._backend.workspace
        original = workspace.find(url.channel, url.ts) if url.ts is not None else None
        if body.get("delete_original") and original is not None:
            workspace.delete(original)
        elif body.get("replace_original") and original is not None:
            workspace.edit(original, read_content(body))
        elif not body.get("delete_original"):
            self._deliveries.respond(url.channel, url.user, body)

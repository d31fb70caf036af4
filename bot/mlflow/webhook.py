"""The route that MLflow's webhook calls. It only says that it is time to look: what it tells is never believed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from structlog import get_logger

from bot.mlflow.signature import DELIVERY, SIGNATURE, TIMESTAMP, Headers, Refused, checked, event

log = get_logger(__name__)
PATH = "/mlflow/webhook"
BODY_WITHIN = 5.0  # seconds
ALIAS = "model_version_alias"


class Webhook:
    """Deliveries signed with `secret`. `changed` is told the id of each that is about an alias."""

    def __init__(self, secret: str, changed: Callable[[str], Awaitable[object]]) -> None:
        self._secret, self._changed = secret, changed
        self.routes = [web.post(PATH, self._receive)]

    async def _receive(self, request: web.Request) -> web.Response:
        body = await _body(request)
        headers = Headers(*(request.headers.getall(name, []) for name in (SIGNATURE, TIMESTAMP, DELIVERY)))
        try:
            delivery = checked(self._secret, headers, body, time.time())
        except Refused as error:
            log.warning("mlflow_webhook.refused", why=str(error))
            raise web.HTTPUnauthorized(text="not signed by MLflow, or too old") from error
        try:
            told = event(body)
        except Refused as error:
            raise web.HTTPBadRequest(text="not what MLflow sends") from error
        if told.entity == ALIAS:
            await self._changed(delivery)
        return web.Response(status=204)


async def _body(request: web.Request) -> bytes:
    """The whole body; 413 for one that is longer than the server takes, 408 for one that drips."""
    try:
        async with asyncio.timeout(BODY_WITHIN):
            return await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout(headers={"Connection": "close"}) from error

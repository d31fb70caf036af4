"""HTTP mode: Slack's signed requests, at an address that Slack can reach. A proxy before it speaks TLS.

What is not proven to be Slack's is refused before anything of it is read as JSON or a form: the signature is made of
the very bytes, with the time of sending, and holds for five minutes to either side. https://docs.slack.dev says how.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from structlog import get_logger

from bot.web import MOST_BYTES

log = get_logger(__name__)

PATH = "/slack/events"  # Bolt's own default
BODY_WITHIN = 5.0  # seconds for a whole body; Slack itself waits no longer than 3

_SIGNATURE, _TIMESTAMP = "X-Slack-Signature", "X-Slack-Request-Timestamp"
_SIGNED = re.compile(r"v0=[0-9a-f]{64}")
_SECONDS = re.compile(r"[0-9]{1,12}")
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


class HttpMode:
    """The route on which Slack's deliveries come, signed with the signing secret. A `WebServer` listens for it."""

    def __init__(self, app: AsyncApp, signing_secret: str, *, body_within: float = BODY_WITHIN) -> None:
        self._app, self._verifier = app, SignatureVerifier(signing_secret)
        self._body_within = body_within
        self.routes = [web.post(PATH, self._receive)]

    async def _receive(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        if _is_ssl_check(request, body):
            return web.Response()
        if not self._signed(request, body):
            raise _refused(web.HTTPUnauthorized(text="not signed by Slack"))
        try:
            delivery = AsyncBoltRequest(
                body=body.decode("utf-8"), query=request.query_string, headers=dict(request.headers)
            )
        except ValueError as error:  # no UTF-8, or no JSON
            raise _refused(web.HTTPBadRequest(text="not what Slack sends")) from error
        return await to_aiohttp_response(await self._app.async_dispatch(delivery))

    async def _body(self, request: web.Request) -> bytes:
        """The whole body; 413 for a longer one, whether it says so or is found to be, 408 for one that drips."""
        if request.content_type not in {_FORM, _JSON}:
            raise _refused(web.HTTPUnsupportedMediaType(text="neither a form nor JSON"))
        if (request.content_length or 0) > MOST_BYTES:
            raise _refused(web.HTTPRequestEntityTooLarge(MOST_BYTES, request.content_length or 0))
        try:
            async with asyncio.timeout(self._body_within):
                return await request.read()
        except TimeoutError as error:
            raise _refused(web.HTTPRequestTimeout(headers={"Connection": "close"})) from error

    def _signed(self, request: web.Request, body: bytes) -> bool:
        """Whether the one signature is that of these bytes at the one time given, compared in constant time."""
        signatures, times = request.headers.getall(_SIGNATURE, []), request.headers.getall(_TIMESTAMP, [])
        if len(signatures) != 1 or len(times) != 1:
            return False
        if not _SIGNED.fullmatch(signatures[0]) or not _SECONDS.fullmatch(times[0]):
            return False  # the verifier would raise
        try:
            return self._verifier.is_valid(body, times[0], signatures[0])
        except UnicodeDecodeError:
            return False


def _is_ssl_check(request: web.Request, body: bytes) -> bool:
    """Slack's look at the certificate, which it doesn't sign; nothing is done for it."""
    if request.content_type != _FORM or len(body) > 1000 or b"ssl_check" not in body:
        return False
    return ("ssl_check", "1") in parse_qsl(body.decode("latin-1"))


def _refused(error: web.HTTPException) -> web.HTTPException:
    log.warning("http.refused", status=error.status, why=error.reason if not error.text else error.text)
    return error

"""Delivery by HTTP: signed requests to an app's request URL, as Slack makes them where Socket Mode is off."""

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientResponse, ClientSession, ClientSSLError, TooManyRedirects

from demo.slack import limits
from demo.slack.errors import SlackError
from demo.slack.transport import FIRST, Ack, Kind, NotDelivered, Retry
from demo.slack.workspace import Clock

SIGNING_SECRET = "demo-signing-secret"  # noqa: S105 - the demo's public secret
_REDIRECTS = 2
_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


class HttpDelivery:
    """Posts to `request_url`; None means that the app uses Socket Mode. Both attributes may be set at any time.

    `ack_seconds` is how long an app may take to answer, with a status of 2xx.
    """

    def __init__(
        self, clock: Clock, *, request_url: str | None, signing_secret: str, ack_seconds: float = limits.ACK
    ) -> None:
        self.request_url = request_url
        self.signing_secret = signing_secret
        self._clock = clock
        self._ack_seconds = ack_seconds
        self._session: ClientSession | None = None

    async def verify(self, request_url: str, token: str) -> None:
        """Use this request URL, if it echoes a challenge; raises SlackError url_verification_failed."""
        challenge = secrets.token_urlsafe(40)
        body = {"token": token, "challenge": challenge, "type": "url_verification"}
        try:
            answer = (await self._post(request_url, json.dumps(body), _JSON, {})).payload or {}
        except NotDelivered as exc:
            raise SlackError("url_verification_failed", reason=exc.code) from exc
        if challenge not in (answer.get("challenge"), answer.get("text")):
            raise SlackError("url_verification_failed", reason="challenge_failed")
        self.request_url = request_url

    async def deliver(self, kind: Kind, payload: dict[str, Any], retry: Retry = FIRST) -> Ack:
        """Post one payload; raises NotDelivered for no answer in time or another status than 2xx."""
        if self.request_url is None:
            raise NotDelivered("not_connected", "connection_failed")
        headers = {"X-Slack-Retry-Num": str(retry.attempt), "X-Slack-Retry-Reason": retry.reason}
        body, content_type = _encoded(kind, payload)
        return await self._post(self.request_url, body, content_type, headers if retry.attempt else {})

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, url: str, body: str, content_type: str, headers: Mapping[str, str]) -> Ack:
        self._session = self._session or ClientSession()
        started = time.perf_counter()
        signed = {**headers, **self._signed(body), "Content-Type": content_type, "User-Agent": _AGENT}
        try:
            async with (
                asyncio.timeout(self._ack_seconds),
                self._session.post(url, data=body.encode(), headers=signed, max_redirects=_REDIRECTS) as response,
            ):
                answer = await _answer(response)
        except TimeoutError as exc:
            raise NotDelivered("timeout", "http_timeout") from exc
        except TooManyRedirects as exc:
            raise NotDelivered("http_client_error", "too_many_redirects") from exc
        except ClientSSLError as exc:
            raise NotDelivered("http_client_error", "ssl_error") from exc
        except ClientError as exc:
            raise NotDelivered("http_client_error", "connection_failed") from exc
        return Ack(answer, time.perf_counter() - started)

    def _signed(self, body: str) -> dict[str, str]:
        """Slack's signature, v0: HMAC-SHA256 of `v0:timestamp:body`."""
        timestamp = str(int(self._clock()))
        digest = hmac.new(self.signing_secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest.hexdigest()}"}


def _encoded(kind: Kind, payload: dict[str, Any]) -> tuple[str, str]:
    if kind == "slash_commands":
        return urlencode(payload), _FORM
    if kind == "interactive":
        return urlencode({"payload": json.dumps(payload)}), _FORM
    return json.dumps(payload), _JSON


async def _answer(response: ClientResponse) -> dict[str, Any] | None:
    """What the app answered: a JSON object, or any other text as `text`; None for nothing."""
    if not 200 <= response.status < 300:
        code = "http_service_error" if response.status >= 500 else "http_client_error"
        no_retry = response.headers.get("X-Slack-No-Retry") == "1"
        raise NotDelivered(code, "http_error", no_retry=no_retry)
    text = await response.text()
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    return answer if isinstance(answer, dict) else {"text": text} if text.strip() else None

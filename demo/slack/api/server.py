"""The door of the Web API: who calls, may they, how often, and what they are told."""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from demo.slack.api.methods import METHODS, Method
from demo.slack.arguments import Arguments, read_arguments
from demo.slack.backend import Backend
from demo.slack.errors import SlackError
from demo.slack.faults import Fault, Faults
from demo.slack.rates import Rates

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tokens:
    """The tokens that the stand-in knows."""

    bot: str
    app: str


@dataclass(frozen=True)
class Call:
    """One call of the Web API as it was made and answered; `at` is when, by the event loop's clock, in seconds."""

    method: str
    arguments: Mapping[str, Any]
    answer: dict[str, Any]
    at: float


class WebApi:
    """Serves `/api/{method}`. `calls` remembers the last ten thousand calls."""

    def __init__(self, backend: Backend, tokens: Tokens, rates: Rates, faults: Faults) -> None:
        self._backend = backend
        self._tokens = tokens
        self._rates = rates
        self._faults = faults
        self.calls: deque[Call] = deque(maxlen=10_000)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call as Slack would."""
        name = request.match_info["method"]
        fault = self._faults.take(name)
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        args = Arguments({})
        try:
            args = await read_arguments(request)
            answer, status, headers = self._answer(name, args, request, fault), 200, dict[str, str]()
        except SlackError as exc:
            answer, status, headers = exc.answer(), exc.status, exc.headers
        shown = {key: value for key, value in args.items() if key != "token"}
        self.calls.append(Call(name, shown, answer, asyncio.get_running_loop().time()))
        if fault is not None and fault.kind == "lose" and request.transport is not None:
            request.transport.abort()
        return web.json_response(answer, status=status, headers=headers)

    def _answer(self, name: str, args: Arguments, request: web.Request, fault: Fault | None) -> dict[str, Any]:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        self._authorise(method, args, request)
        self._rates.spend(name, method.budgets, str(args.get("channel", "")))
        if fault is not None and fault.kind == "fail":
            raise SlackError(fault.error, status=fault.status)
        return {"ok": True, **method.handler(self._backend, args)}

    def _authorise(self, method: Method, args: Arguments, request: web.Request) -> None:
        header = request.headers.get("Authorization", "")
        token = header.removeprefix("Bearer ").strip() or str(args.get("token", ""))
        if not token:
            raise SlackError("not_authed")
        if token not in (self._tokens.bot, self._tokens.app):
            raise SlackError("invalid_auth")
        if (token == self._tokens.app) != method.app_level:
            raise SlackError("not_allowed_token_type")
        scopes = self._backend.world.app.scopes
        if method.scope is not None and method.scope not in scopes:
            raise SlackError("missing_scope", needed=method.scope, provided=",".join(scopes))

"""The door of the Web API: who calls, may they, how often, and what they are told."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from demo.slack.api.methods import METHODS, Method
from demo.slack.api.reach import missing_scope
from demo.slack.arguments import Arguments, read_arguments
from demo.slack.backend import Backend
from demo.slack.errors import SlackError
from demo.slack.faults import Faults
from demo.slack.rates import Rates


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
        return await self._faults.serve(name, request, partial(self._serve, name, request))

    async def _serve(self, name: str, request: web.Request, refusal: SlackError | None) -> web.Response:
        args, headers, status = Arguments({}), dict[str, str](), 200
        try:
            args = await read_arguments(request)
            answer = self._answer(name, args, _token(request, args), headers, refusal)
        except SlackError as exc:
            answer, status = exc.answer(), exc.status
            headers |= exc.headers
        self.calls.append(Call(name, dict(args), answer, asyncio.get_running_loop().time()))
        return web.json_response(answer, status=status, headers=headers)

    def _answer(
        self, name: str, args: Arguments, token: str, headers: dict[str, str], refusal: SlackError | None
    ) -> dict[str, Any]:
        """Do what is asked; `headers` are filled with what the answer's head says, be it a refusal or not."""
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        self._authorise(method, token, headers)
        self._rates.spend(name, method.budgets, self._channel(args))
        if refusal is not None:
            raise refusal
        return {"ok": True, **method.handler(self._backend, args)}

    def _authorise(self, method: Method, token: str, headers: dict[str, str]) -> None:
        if not token:
            raise SlackError("not_authed")
        if token not in (self._tokens.bot, self._tokens.app):
            raise SlackError("invalid_auth")
        app = self._backend.world.app
        granted = app.level_scopes if token == self._tokens.app else app.scopes
        headers |= {"x-oauth-scopes": ",".join(granted), "x-accepted-oauth-scopes": ",".join(method.scopes)}
        if (token == self._tokens.app) != method.app_level:
            raise SlackError("not_allowed_token_type")
        if method.scopes and not set(method.scopes) & set(granted):
            raise missing_scope(",".join(method.scopes), granted)

    def _channel(self, args: Arguments) -> str:
        """Which channel's budget a call is taken from, however it names the channel."""
        named = str(args.get("channel", ""))
        try:
            return self._backend.workspace.conversation(named).id
        except SlackError:
            return named


def _token(request: web.Request, args: Arguments) -> str:
    """The token from the header, or from a form; Slack takes none from a JSON body or an address."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else args.token

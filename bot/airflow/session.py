"""Calls to Airflow's API from asyncio: in threads, with a token that is asked for again once when it is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.airflow.answer import SERVICE, Answer, Timeouts
from bot.errors import ConfigError, NotFound, ServiceConfused, ServiceDown, ServiceRejected
from bot.threads import Threads

if TYPE_CHECKING:
    from bot.airflow.sdk import Call, Sdk


Token = str | Callable[[], str]


class Session:
    """`url` is where Airflow's API listens; with a `username` tokens are fetched, else `token` is all there is.

    Where `token` is a function it is called, in a thread, for the first token and for another when Airflow refuses
    that one. A ConfigError of its own is ServiceDown to who called: a later call asks it again.
    """

    def __init__(
        self, url: str, *, username: str, password: str, token: Token, timeouts: Timeouts, threads: int
    ) -> None:
        self._url = url.rstrip("/")
        self._credentials = {"username": username, "password": password} if username else None
        self._ask = token if callable(token) else None
        self._token = "" if callable(token) else token
        self._timeouts = timeouts
        self._size = threads
        self._threads = Threads("airflow", threads)
        self._lock = threading.RLock()
        self._sdk: Sdk | None = None

    async def json(self, call: Call) -> dict[str, Any]:
        """The answer's JSON object, or the ServiceError that came instead."""
        return await self._threads.run(lambda: self._answer(call).json())

    async def done(self, call: Call) -> None:
        """Whatever a success says; the ServiceError that came instead."""
        answer = await self._threads.run(self._answer, call)
        if error := answer.error():
            raise error

    async def log(self, call: Call) -> bytes:
        """The end of a log of any length, or the ServiceError that came instead."""
        answer = await self._threads.run(self._answer, call, log=True)
        if error := answer.error():
            raise error
        return answer.body

    async def load(self) -> None:
        """Import the SDK, which the first call would do otherwise."""
        await self._threads.run(self._ready)

    def close(self) -> None:
        """Let go of threads and idle connections."""
        self._threads.close()
        if self._sdk:
            self._sdk.close()

    def _answer(self, call: Call, *, log: bool = False) -> Answer:
        sdk = self._ready()
        ask = sdk.end_of if log else sdk.answer
        token = self._token or self._renew(sdk, "")
        answer = ask(call)
        if answer.refuses_token and self._renew(sdk, token) != token:
            answer = ask(call)
        return answer

    def _ready(self) -> Sdk:
        """The SDK, imported and built by whichever thread comes first."""
        with self._lock:
            if self._sdk is None:
                from bot.airflow.sdk import Sdk

                self._sdk = Sdk(self._url, self._timeouts, self._size)
                self._sdk.use(self._token)
            return self._sdk

    def _renew(self, sdk: Sdk, refused: str) -> str:
        """Another token than `refused`, if there is one: what another thread has got meanwhile, or a new one."""
        with self._lock:
            if self._token == refused:
                self._token = self._next(sdk)
                sdk.use(self._token)
            return self._token

    def _next(self, sdk: Sdk) -> str:
        if self._credentials:
            return _token(sdk.log_in(self._credentials))
        try:
            return self._ask() if self._ask else self._token
        except ConfigError as exc:
            raise ServiceDown(SERVICE, f"no token: {exc}") from exc


def _token(answer: Answer) -> str:
    """The token of a login. Its own 404 or 422 must not pass for an answer to the call that needed it."""
    try:
        token = answer.json().get("access_token")
    except (NotFound, ServiceRejected) as exc:
        raise ServiceConfused(SERVICE, "no login at /auth/token", status=answer.status) from exc
    if not isinstance(token, str):
        raise ServiceConfused(SERVICE, "a login without a token", status=answer.status)
    return token

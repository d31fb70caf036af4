"""Calls to Airflow's API from asyncio: in threads, with a token that is asked for again once when it is refused."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from bot.airflow.answer import SERVICE, Answer, Timeouts
from bot.errors import NotFound, ServiceConfused, ServiceRejected
from bot.threads import Threads

if TYPE_CHECKING:
    from bot.airflow.sdk import Call, Sdk


class Session:
    """`url` is where Airflow's API listens; with a `username` tokens are fetched, else `token` is all there is."""

    def __init__(self, url: str, *, username: str, password: str, token: str, timeouts: Timeouts, threads: int) -> None:
        self._url = url.rstrip("/")
        self._credentials = {"username": username, "password": password} if username else None
        self._token = token
        self._timeouts = timeouts
        self._size = threads
        self._threads = Threads("airflow", threads)
        self._lock = threading.RLock()
        self._sdk: Sdk | None = None

    async def json(self, call: Call) -> dict[str, Any]:
        """The answer's JSON object, or the ServiceError that came instead."""
        return await self._threads.run(lambda: self._answer(call).json())

    async def log(self, call: Call) -> bytes:
        """The end of a log of any length, or the ServiceError that came instead."""
        answer = await self._threads.run(self._answer, call, log=True)
        if error := answer.error():
            raise error
        return answer.body

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
        if answer.refuses_token and self._credentials:
            self._renew(sdk, token)
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
        """Another token than `refused`: what another thread has fetched meanwhile, or a new one."""
        with self._lock:
            if self._token == refused and self._credentials:
                self._token = _token(sdk.log_in(self._credentials))
                sdk.use(self._token)
            return self._token


def _token(answer: Answer) -> str:
    """The token of a login. Its own 404 or 422 must not pass for an answer to the call that needed it."""
    try:
        token = answer.json().get("access_token")
    except (NotFound, ServiceRejected) as exc:
        raise ServiceConfused(SERVICE, "no login at /auth/token", status=answer.status) from exc
    if not isinstance(token, str):
        raise ServiceConfused(SERVICE, "a login without a token", status=answer.status)
    return token

"""Services over HTTP: what every call to them was and did, and the faults that they answer with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from aiohttp import web

from bot.errors import ServiceError
from demo.station.ports import HOST
from tests.chaos.effects import ARRIVED, EFFECT

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Mode = Literal["fair", "slow", "down", "lying", "storm"]


@dataclass(frozen=True)
class Call:
    """One call as it was answered. `effect` is what it changed, in words that begin with a verb; empty where nothing.

    `at` is in seconds since 1970; `status` 0 means that the connection was dropped instead of an answer.
    """

    at: float
    service: str
    method: str
    path: str
    status: int
    effect: str = ""


@dataclass
class Weather:
    """How a service behaves now: `slow` by `seconds`, `down` without an answer, `storm` of 429 with Retry-After.

    `lying`: it does what it is asked, and then says that it failed.
    """

    mode: Mode = "fair"
    seconds: float = 1.0

    async def answer(self, request: web.Request, handler: Handler) -> tuple[web.StreamResponse, bool]:
        """The answer to give, and whether to drop the connection in place of giving it."""
        match self.mode:
            case "slow":
                await asyncio.sleep(self.seconds)
            case "down":
                return web.Response(status=503), True
            case "storm":
                return _said(429, "Too many requests", {"Retry-After": "1"}), False
            case "lying":
                await handler(request)
                return _said(500, "Internal Server Error"), False
        return await handler(request), False


@dataclass
class Service:
    """One faked service: its routes, its weather."""

    name: str
    routes: list[web.RouteDef]
    error: Callable[[ServiceError], web.Response]
    weather: Weather = field(default_factory=Weather)


class Wire:
    """Serves services on loopback, each on a port of its own that it keeps, and writes their calls down."""

    def __init__(self, *services: Service) -> None:
        self.calls: list[Call] = []
        self.urls: dict[str, str] = {}
        self._services = services
        self._runners: list[web.AppRunner] = []

    async def __aenter__(self) -> Self:
        for service in self._services:
            app = web.Application(middlewares=[self._recorder(service)])
            app.router.add_routes(service.routes)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
            await runner.setup()
            self._runners.append(runner)
            await web.TCPSite(runner, HOST, 0).start()
            self.urls[service.name] = f"http://{HOST}:{runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for runner in self._runners:
            await runner.cleanup()

    def effects(self, verb: str, service: str = "") -> Iterator[str]:
        """What the calls' effects with this verb were done to, in order."""
        for call in self.calls:
            if call.effect.startswith(f"{verb} ") and service in {"", call.service}:
                yield call.effect.removeprefix(f"{verb} ")

    def _recorder(self, service: Service) -> Any:
        @web.middleware
        async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
            at = request[ARRIVED] = time.time()
            try:
                answer, dropped = await service.weather.answer(request, _translating(service, handler))
            except ConnectionError:  # who asked is dead
                answer, dropped = web.Response(status=503), True
            if dropped and request.transport:
                request.transport.abort()
            status = 0 if dropped else answer.status
            effect = request.get(EFFECT, "")
            self.calls.append(Call(at, service.name, request.method, request.path, status, effect))
            return answer

        return record


def _translating(service: Service, handler: Handler) -> Handler:
    async def translated(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except ServiceError as error:
            return service.error(error)

    return translated


def _said(status: int, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"detail": detail}, status=status, headers=headers)

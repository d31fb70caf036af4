"""What probes and Prometheus ask for: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from http import HTTPStatus

from aiohttp import web

from bot.observing.health import Health
from bot.observing.kept import Kept
from bot.observing.metrics import CONTENT_TYPE, Metrics

HEALTH, READY, METRICS = "/healthz", "/readyz", "/metrics"
MEASURED_EVERY = 1.0  # seconds; however often it is asked for


def routes(health: Health, metrics: Metrics, measure: Callable[[], Awaitable[None]]) -> list[web.RouteDef]:
    """The three. `measure` sets those metrics that are looked up rather than counted."""
    measured = Kept(measure, MEASURED_EVERY)

    async def alive(_: web.Request) -> web.Response:
        why = health.alive()
        return web.json_response({"alive": not why, "why": why}, status=_status(ok=not why))

    async def ready(_: web.Request) -> web.Response:
        found = await health.conditions()
        good = all(each.ok for each in found.values() if each.needed)
        body = {"ready": good, "dependencies": {name: asdict(each) for name, each in found.items()}}
        return web.json_response(body, status=_status(ok=good))

    async def scraped(_: web.Request) -> web.Response:
        await measured.get()
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    return [web.get(HEALTH, alive), web.get(READY, ready), web.get(METRICS, scraped)]


def _status(*, ok: bool) -> HTTPStatus:
    return HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE

"""`python -m bench.http`: how many signed slash commands a second, on aiohttp and on Starlette with uvicorn.

Both serve the same Bolt app, which acknowledges every command and does nothing else, each in a process of its own. They
take turns, so that what else the machine does meets both. uvicorn takes uvloop and httptools where they are installed.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.observing.routes import HEALTH
from bot.slack.http import PATH, HttpMode
from bot.web import WebServer
from demo.slack.standin import StandIn
from demo.station.ports import HOST, free_port

SECRET = "0" * 32
ROUNDS, EACH, AT_ONCE = 6, 1_500, 16  # rounds of each, commands a round, connections
BODY = b"command=%2Ftrain&text=help&team_id=T0&user_id=U0&channel_id=C0&trigger_id=1.2&response_url=x"


def app(slack_url: str, *, verify: bool) -> AsyncApp:
    """The least Bolt app, with the bot's flags."""
    client = AsyncWebClient("xoxb-demo", base_url=slack_url)
    bolt = AsyncApp(
        client=client, signing_secret=SECRET, process_before_response=True, request_verification_enabled=verify
    )

    @bolt.command(re.compile(".*"))
    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    return bolt


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def serve_aiohttp(slack_url: str, port: int) -> None:
    """The bot's own door."""
    server = WebServer(HOST, port)
    server.add([web.get(HEALTH, _healthy), *HttpMode(app(slack_url, verify=False), SECRET).routes])
    await server.open()
    await asyncio.Event().wait()


def serve_starlette(slack_url: str, port: int) -> None:
    """Bolt's adapter for Starlette."""
    import uvicorn
    from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    handler = AsyncSlackRequestHandler(app(slack_url, verify=True))

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    async def healthy(_: Request) -> Response:
        return PlainTextResponse("ok")

    routes = [Route(PATH, events, methods=["POST"]), Route(HEALTH, healthy)]
    uvicorn.run(Starlette(routes=routes), host=HOST, port=port, access_log=False, log_level="warning")


@dataclass
class Lane:
    """A server, and how long each command waited, in milliseconds."""

    name: str
    url: str
    rates: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    async def round(self, session: aiohttp.ClientSession, commands: int) -> None:
        """Send so many commands over AT_ONCE connections."""
        left, begun = iter(range(commands)), time.perf_counter()

        async def sender() -> None:
            for _ in left:
                sent = time.perf_counter()
                async with session.post(self.url + PATH, data=BODY, headers=signed()) as answer:
                    assert answer.status == 200, await answer.text()  # HTTP's OK
                self.waits.append((time.perf_counter() - sent) * 1_000)

        await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
        self.rates.append(commands / (time.perf_counter() - begun))


def signed() -> dict[str, str]:
    """What Slack adds to BODY."""
    when = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{when}:".encode() + BODY, "sha256").hexdigest()
    kind = "application/x-www-form-urlencoded"
    return {"X-Slack-Request-Timestamp": when, "X-Slack-Signature": f"v0={digest}", "Content-Type": kind}


@asynccontextmanager
async def running(name: str, slack_url: str, session: aiohttp.ClientSession) -> AsyncIterator[Lane]:
    """A server in a process of its own, once it answers."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.http", name, slack_url, str(port))
    lane = Lane(name, f"http://{HOST}:{port}")
    try:
        for _ in range(200):
            try:
                async with session.get(lane.url + HEALTH):
                    break
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)
        yield lane
    finally:
        process.terminate()
        await process.wait()


async def main() -> None:
    """Measure, and print a table and one line of JSON."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(StandIn(rate_limits=False))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        names = ("aiohttp", "starlette")
        lanes = [await stack.enter_async_context(running(name, slack.api_url, session)) for name in names]
        for lane in lanes:
            await lane.round(session, 200)
            lane.rates, lane.waits = [], []
        for _ in range(ROUNDS):
            for lane in lanes:
                await lane.round(session, EACH)
    rows = [summary(lane, lanes[0]) for lane in lanes]
    print(f"{'server':<12} {'a second':>9} {'p50 ms':>7} {'p99 ms':>7} {'times':>6}")
    for row in rows:
        print("{server:<12} {rate:>9} {p50_ms:>7} {p99_ms:>7} {times:>6}".format(**row))
    print(json.dumps({"bench": "http", "rows": rows}))


def summary(lane: Lane, beside: Lane) -> dict[str, object]:
    """The median rate, percentiles, and how often `beside`'s rate the rate is."""
    waits = sorted(lane.waits)
    rate = statistics.median(lane.rates)
    return {
        "server": lane.name,
        "rate": round(rate),
        "p50_ms": round(statistics.median(waits), 2),
        "p99_ms": round(waits[-(-99 * len(waits) // 100) - 1], 2),
        "times": round(rate / statistics.median(beside.rates), 2),
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["aiohttp", url, port]:
            asyncio.run(serve_aiohttp(url, int(port)))
        case ["starlette", url, port]:
            serve_starlette(url, int(port))
        case _:
            asyncio.run(main())

"""Bolt apps in front of the stand-in, reached by Socket Mode or by signed HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from demo.slack import StandIn


def bolt_app(slack: StandIn) -> AsyncApp:
    """An app without listeners; it answers fully before it acknowledges, as replicas behind HTTP must."""
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    return AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)


@asynccontextmanager
async def by_socket(slack: StandIn) -> AsyncIterator[AsyncApp]:
    """An app connected by Socket Mode."""
    bolt = bolt_app(slack)
    web_client = AsyncWebClient(slack.app_token, base_url=slack.api_url)
    handler = AsyncSocketModeHandler(bolt, app_token=slack.app_token, web_client=web_client)
    await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped
    yield bolt
    await handler.close_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped


@asynccontextmanager
async def by_http(slack: StandIn) -> AsyncIterator[AsyncApp]:
    """An app that listens on loopback, its request URL verified."""
    bolt = bolt_app(slack)

    async def handle(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    async with serving(handle) as url:
        await slack.use_request_url(url)
        yield bolt


@asynccontextmanager
async def serving(handle: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server on loopback whose one address, `/slack/events`, is answered by `handle`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await handle(request)

    server = web.Application()
    server.router.add_post("/slack/events", answer)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/slack/events"
    await runner.cleanup()

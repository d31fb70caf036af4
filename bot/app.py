"""The composition root: settings in, a running bot out. The only module that knows them all."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from structlog import get_logger

from bot.catalogue import Catalogue
from bot.chat import SlackChat
from bot.cloud import AwsCloud
from bot.conversation.commands import Registered, WorkHandler, discover
from bot.conversation.dispatch import Dispatcher
from bot.conversation.posting import Posting
from bot.following.finishing import finish
from bot.following.newcomers import meet
from bot.following.overdue import point_out
from bot.following.tracker import Tracker
from bot.jobs import JobContext, Jobs
from bot.launching.history import History
from bot.launching.settling import keep_released
from bot.log import configure
from bot.orchestrator import AirflowOrchestrator
from bot.people import People
from bot.ports import Orchestrator, Registry
from bot.questions import waiting
from bot.registry import MlflowRegistry
from bot.settings.config import ConfigFile, Settings
from bot.slack.http import HttpMode
from bot.slack.listeners import bolt_app
from bot.slack.socket_mode import SocketMode
from bot.station import Station
from bot.store import Store

log = get_logger(__name__)
CATALOGUE_EVERY = 20.0  # seconds
TRACKER_EVERY = 3.0
HISTORY_EVERY = 20.0
RELEASE_EVERY = 60.0
GRACE = 5.0  # seconds that running work has to finish at a stop; the whole stop takes at most ten


@asynccontextmanager
async def running(
    settings: Settings, orchestrator: Orchestrator | None = None, registry: Registry | None = None
) -> AsyncIterator[Station]:
    """A bot that takes deliveries while the block lasts; over Airflow and MLflow unless others are given."""
    async with AsyncExitStack() as stack:
        station, chat = await _assemble(
            settings, stack, orchestrator or airflow(settings), registry or mlflow(settings)
        )
        registered = discover()
        dispatcher = Dispatcher(station, registered)
        _declare_work(station, registered, dispatcher)
        station.jobs.on_dead = dispatcher.tell_dead
        await station.jobs.start()
        stack.push_async_callback(station.jobs.stop, grace=GRACE)
        stack.push_async_callback(dispatcher.close, 1.0)
        way_in = _way_in(settings, chat, dispatcher)
        await way_in.open()
        stack.push_async_callback(way_in.close)
        loops = (
            station.catalogue.keep_fresh(CATALOGUE_EVERY),
            Tracker(station, every=TRACKER_EVERY).follow(),
            History(station).keep_fresh(HISTORY_EVERY),
            keep_released(station, RELEASE_EVERY),
        )
        for loop in loops:
            task = asyncio.create_task(loop)
            stack.push_async_callback(_end, task)
        yield station


def _way_in(settings: Settings, chat: SlackChat, dispatcher: Dispatcher) -> SocketMode | HttpMode:
    """How Slack's deliveries reach this process: over a socket of its own, or by requests that Slack signs."""
    app = bolt_app(chat.client, str(chat.identity.get("user_id")), dispatcher)
    if secret := settings.slack_signing_secret.get_secret_value():
        return HttpMode(app, secret, settings.bind_address, settings.port)
    return SocketMode(app, settings.slack_app_token.get_secret_value(), str(settings.slack_api_url))


def airflow(settings: Settings) -> AirflowOrchestrator:
    """The orchestrator that these settings name."""
    return AirflowOrchestrator(
        str(settings.airflow_url),
        username=settings.airflow_username,
        password=settings.airflow_password.get_secret_value(),
        token=settings.airflow_token_source,
        public_url=str(settings.airflow_public_url or ""),
        secrets=settings.secrets,
    )


def mlflow(settings: Settings) -> MlflowRegistry:
    """The registry that these settings name."""
    return MlflowRegistry(str(settings.mlflow_tracking_uri), public_url=str(settings.mlflow_public_url or ""))


async def _assemble(
    settings: Settings, stack: AsyncExitStack, orchestrator: Orchestrator, registry: Registry
) -> tuple[Station, SlackChat]:
    """Every part, made once; what must be closed is closed in reverse order."""
    config = ConfigFile(settings.stationmaster_config)
    store = await Store.open(settings.database_url)
    stack.push_async_callback(store.close)
    chat = SlackChat(settings.slack_bot_token.get_secret_value(), str(settings.slack_api_url))
    stack.push_async_callback(chat.close)
    await chat.open()
    stack.push_async_callback(orchestrator.close)
    stack.push_async_callback(registry.close)
    station = Station(
        config=config,
        store=store,
        jobs=Jobs(store, lease=settings.job_lease),
        catalogue=Catalogue(store, orchestrator, config),
        people=People(chat, config),
        orchestrator=orchestrator,
        registry=registry,
        chat=chat,
        posting=Posting(chat, store),
    )
    return station, chat


def _declare_work(station: Station, registered: Registered, dispatcher: Dispatcher) -> None:
    """Every kind of durable work: what the commands declare, and the bot's own."""
    own: dict[str, WorkHandler] = {
        "run.finish": finish,
        "run.meet": meet,
        "run.late": point_out,
        "question.ask": waiting.ask,
        "question.close": waiting.close,
        "share": dispatcher.carry_out_share,
    }
    for kind, handler in own.items() | {(name, each.handler) for name, each in registered.works.items()}:
        station.jobs.register(kind, _with_station(handler, station, dispatcher))


def _with_station(
    handler: WorkHandler, station: Station, dispatcher: Dispatcher
) -> Callable[[JobContext, dict[str, Any]], Awaitable[Any]]:
    async def run(ctx: JobContext, args: dict[str, Any]) -> Any:
        result = await handler(ctx, args, station)
        await dispatcher.homes.worked(args)
        return result

    return run


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; then stop cleanly, within ten seconds. Unfinished work goes on at the next start."""
    begun, stopping = time.perf_counter(), asyncio.Event()
    settings = await settings.fetched(AwsCloud())
    configure(settings.log_level, settings.secrets)  # anew: what was fetched is masked too
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with running(settings):
        log.info("ready", seconds=round(time.perf_counter() - begun, 3))
        await stopping.wait()
        log.info("stopping")
    log.info("stopped")

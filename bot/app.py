"""The composition root: settings in, a running bot out. The only module that knows them all."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from structlog import get_logger

from bot import forgetting
from bot.auditing.heads import publications
from bot.auditing.sealing import Sealing
from bot.auditing.seals import Seals
from bot.backfilling.abandoned import keep_closed
from bot.catalogue import Catalogue
from bot.chat import SlackChat
from bot.cipher import Cipher
from bot.cloud import AwsCloud
from bot.conversation.answerable import Answerable
from bot.conversation.commands import Registered, WorkHandler, discover
from bot.conversation.dispatch import Dispatcher
from bot.conversation.posting import Posting
from bot.duties import keep
from bot.following.finishing import finish
from bot.following.newcomers import meet
from bot.following.overdue import point_out
from bot.following.redrawing import redraw
from bot.following.tracker import Tracker
from bot.jobs import JobContext, Jobs
from bot.launching.history import History
from bot.launching.settling import keep_released
from bot.log import configure
from bot.mlflow.webhook import Webhook
from bot.observing.calls import observed
from bot.observing.health import Health
from bot.observing.measuring import Measuring
from bot.observing.metrics import Metrics
from bot.observing.routes import routes
from bot.observing.tracing import start_tracing, stop_tracing
from bot.orchestrator import AirflowOrchestrator
from bot.people import People
from bot.ports import Orchestrator, Registry, Specs
from bot.promoting import outside, watching
from bot.questions import waiting
from bot.registry import MlflowRegistry
from bot.scheduling import coming, telling
from bot.scheduling.keeping import Keeper
from bot.scheduling.store import ConfiguredSpecs
from bot.settings.config import ConfigFile, Settings
from bot.slack.edits import EditBudget
from bot.slack.http import HttpMode
from bot.slack.listeners import bolt_app
from bot.slack.socket_mode import SocketMode
from bot.station import Station
from bot.store import Store
from bot.web import WebServer

log = get_logger(__name__)
CATALOGUE_EVERY = 20.0  # seconds
TRACKER_EVERY = 3.0
HISTORY_EVERY = 20.0
RELEASE_EVERY = 60.0
GRACE = 5.0  # seconds that running work has to finish at a stop; the whole stop takes at most ten


@asynccontextmanager
async def running(
    settings: Settings,
    orchestrator: Orchestrator | None = None,
    registry: Registry | None = None,
    specs: Specs | None = None,
) -> AsyncIterator[Station]:
    """A bot that takes deliveries while the block lasts; over Airflow and MLflow unless others are given.

    `specs`: where schedules are, instead of where the configuration says.
    """
    async with AsyncExitStack() as stack:
        station, chat = await _assemble(
            settings, stack, orchestrator or airflow(settings), registry or mlflow(settings), specs
        )
        registered = discover()
        dispatcher = Dispatcher(station, registered)
        _declare_work(station, registered, dispatcher)
        station.jobs.on_dead = dispatcher.tell_dead
        await forgetting.plan(station, settings.retention_days)
        station.jobs.on_stolen = station.metrics.stolen
        tracker = Tracker(station, every=TRACKER_EVERY)
        await station.jobs.start()
        stack.push_async_callback(station.jobs.stop, grace=GRACE)
        stack.push_async_callback(dispatcher.close, 1.0)
        await _open(settings, stack, station, chat, dispatcher, tracker)
        loops = (
            keep_catalogue(station, CATALOGUE_EVERY),
            tracker.follow(),
            History(station).keep_fresh(HISTORY_EVERY),
            keep_released(station, RELEASE_EVERY),
            keep_closed(station, RELEASE_EVERY),
            watching.Watching(station).follow(),
            station.posting.answerable.keep_clean(),
            Keeper(station).keep(),
        )
        for loop in (*loops, *_sealing(settings, station)):
            task = asyncio.create_task(loop)
            stack.push_async_callback(_end, task)
        yield station


async def keep_catalogue(station: Station, every: float) -> None:
    """Refresh the kept catalogue every so many seconds, for ever."""
    catalogue, jobs = station.catalogue, station.jobs

    async def refresh(fence: int) -> None:
        await catalogue.refresh(lambda tx: jobs.check_hold(tx, "catalogue", fence))

    await keep(jobs, "catalogue", every, refresh, catalogue.stand_by)


async def _open(
    settings: Settings,
    stack: AsyncExitStack,
    station: Station,
    chat: SlackChat,
    dispatcher: Dispatcher,
    tracker: Tracker,
) -> None:
    """Listen for probes, and take Slack's deliveries: over a socket of its own, or by requests that Slack signs."""
    app = bolt_app(chat.client, str(chat.identity.get("user_id")), dispatcher, station.metrics)
    server = WebServer(settings.bind_address, settings.port)
    socket: SocketMode | None = None
    if secret := settings.slack_signing_secret.get_secret_value():
        server.add(HttpMode(app, secret).routes)
    else:
        socket = SocketMode(app, settings.slack_app_token.get_secret_value(), str(settings.slack_api_url))
        stack.push_async_callback(socket.close)
    health = _health(station, chat, socket)
    stack.push_async_callback(health.close)
    measuring = Measuring(station, tracker, EditBudget(station.store).left)
    server.add(routes(health, station.metrics, measuring.measure))
    if secret := settings.mlflow_webhook_secret.get_secret_value():
        server.add(Webhook(secret, partial(watching.soon, station)).routes)
    await server.open()
    stack.push_async_callback(server.close)
    if socket:
        await socket.open()


def _health(station: Station, chat: SlackChat, socket: SocketMode | None) -> Health:
    async def slack() -> None:
        if socket:
            await socket.check()
        await chat.check()

    return Health(
        lambda: station.jobs.idle,
        {
            "database": station.store.check,
            "slack": slack,
            "airflow": station.orchestrator.check,
            "mlflow": station.registry.check,
        },
    )


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
    settings: Settings, stack: AsyncExitStack, orchestrator: Orchestrator, registry: Registry, specs: Specs | None
) -> tuple[Station, SlackChat]:
    """Every part, made once; what must be closed is closed in reverse order."""
    config = ConfigFile(settings.stationmaster_config)
    store = await Store.open(settings.database_url)
    stack.push_async_callback(store.close)
    metrics = Metrics()
    chat = SlackChat(settings.slack_bot_token.get_secret_value(), str(settings.slack_api_url), EditBudget(store))
    stack.push_async_callback(chat.close)
    await chat.open()
    stack.push_async_callback(orchestrator.close)
    stack.push_async_callback(registry.close)
    watched = observed(chat, "slack", metrics)
    orchestrator = observed(orchestrator, "airflow", metrics)
    key = settings.store_key.get_secret_value()
    station = Station(
        config=config,
        store=store,
        jobs=Jobs(store, lease=settings.job_lease),
        catalogue=Catalogue(store, orchestrator, config),
        people=People(watched, config),
        orchestrator=orchestrator,
        registry=observed(registry, "mlflow", metrics),
        chat=watched,
        posting=Posting(watched, store, Answerable(store, Cipher(key) if key else None)),
        metrics=metrics,
        specs=specs or ConfiguredSpecs(config, orchestrator, AwsCloud()),
    )
    return station, chat


def _sealing(settings: Settings, station: Station) -> Iterator[Coroutine[Any, Any, None]]:
    """What keeps the audit trail sealed, where there is a key."""
    if key := settings.audit_key.get_secret_value():
        places = publications(settings.audit_head_file, settings.audit_head_s3, AwsCloud())
        yield Sealing(station.store, station.jobs, Seals(key), places).keep_sealed()
    else:
        log.warning("audit.no_key", why="AUDIT_KEY is not set: whoever can write the database can change the trail")


def _declare_work(station: Station, registered: Registered, dispatcher: Dispatcher) -> None:
    """Every kind of durable work: what the commands declare, and the bot's own."""
    own: dict[str, WorkHandler] = {
        "run.finish": finish,
        "run.meet": meet,
        "run.late": point_out,
        "run.redraw": redraw,
        forgetting.KIND: forgetting.forget,
        "question.ask": waiting.ask,
        "question.close": waiting.close,
        watching.LOOK: watching.look_now,
        outside.MOVED: outside.tell_moved,
        outside.DELETED: outside.tell_deleted,
        "run.unfit": coming.stop,
        "schedule.misfit": telling.misfit,
        "schedule.left": telling.left,
        "schedule.failing": telling.failing,
        "schedule.missed": telling.missed,
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
    tracing = start_tracing()
    async with running(settings):
        log.info("ready", seconds=round(time.perf_counter() - begun, 3))
        await stopping.wait()
        log.info("stopping")
    if tracing:
        await asyncio.to_thread(stop_tracing)
    log.info("stopped")

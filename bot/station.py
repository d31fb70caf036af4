"""The parts of a running bot, as handlers are given them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.catalogue import Catalogue
from bot.conversation.posting import Posting
from bot.jobs import Jobs
from bot.observing.metrics import Metrics
from bot.people import People
from bot.ports import Chat, Orchestrator, Registry, Specs
from bot.settings.config import ConfigFile
from bot.store import Store


@dataclass(frozen=True, slots=True)
class Station:
    """Everything that a command or a piece of work may use. `bot.app` makes the one there is."""

    config: ConfigFile
    store: Store
    jobs: Jobs
    catalogue: Catalogue
    people: People
    orchestrator: Orchestrator
    registry: Registry
    chat: Chat
    posting: Posting
    metrics: Metrics
    specs: Specs

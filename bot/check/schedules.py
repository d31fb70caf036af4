"""Where schedules are kept, whether that can be read, and whether Airflow reads it."""

from __future__ import annotations

from bot.check.findings import Finding, bad, good, odd
from bot.errors import ServiceError
from bot.messages.phrases import count
from bot.ports import Orchestrator, Specs
from bot.scheduling.dagfile import index_id
from bot.scheduling.spec import BrokenSpec

ABOUT = "schedules"


async def look(specs: Specs, orchestrator: Orchestrator) -> list[Finding]:
    """What is kept, what of it is broken, and whether Airflow has the DAG file. Nothing is written."""
    try:
        kept = await specs.all()
        index = await orchestrator.scheduled(index_id(specs.prefix))
    except ServiceError as error:
        return [bad(ABOUT, f"{error.sentence} ({error})")]
    broken = [each for each in kept.values() if isinstance(each, BrokenSpec)]
    found = [good(ABOUT, f"{count(len(kept) - len(broken), 'schedule')} kept")]
    found += [odd(f"schedule {each.id}", f"can't be read: {each.why}") for each in broken]
    if specs.single_writer:
        found.append(odd(ABOUT, "an Airflow Variable is for a single writer: run one bot, and change it nowhere else"))
    if index is None or index.trouble:
        why = index.trouble if index else "it doesn't have it yet"
        found.append(
            odd(ABOUT, f"Airflow reads no {specs.prefix}_schedules.py ({why}): see docs/install.md, Schedules")
        )
    return found

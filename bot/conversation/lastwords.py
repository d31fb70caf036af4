"""What admins are told of work that has failed for good, which they alone can set going again."""

from __future__ import annotations

from structlog import get_logger

from bot.conversation.answers import Told
from bot.errors import ServiceError, shorten
from bot.following.masking import masked
from bot.jobs import JobRow
from bot.station import Station

log = get_logger(__name__)
MOST = 10  # admins who are told, each in a direct message
MOST_ERROR = 200  # characters


async def tell_admins(station: Station, job: JobRow) -> None:
    """Tell each of them once that this job is dead, what of, and what can be done."""
    failed = shorten(masked(job.error or "it was given up"), MOST_ERROR)
    text = (
        f"Work has failed for good: {job.kind} ({failed}).\n"
        f"Look: stationmaster jobs show {job.id}\nTry again: stationmaster jobs replay {job.id}"
    )
    for admin in await _admins(station):
        try:
            await station.posting.once(f"dead:{job.id}:{job.epoch}:{admin}", admin, Told(text=text).render())
        except ServiceError as error:
            log.warning("admin.not_told", admin=admin, job=job.id, error=str(error))


async def _admins(station: Station) -> list[str]:
    """The people whom the configuration makes admins, by id or by a user group of Slack's; the first MOST."""
    people: dict[str, None] = {}
    for member in station.config.current().access.admins:
        if member.startswith(("U", "W")):
            people[member] = None
        elif member.startswith("S"):
            try:
                people |= dict.fromkeys(sorted(await station.chat.group(member)))
            except ServiceError as error:
                log.warning("admin.not_told", admin=member, error=str(error))
    return list(people)[:MOST]

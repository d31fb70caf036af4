"""A version that proposes itself: where its model's configuration says so, once, and only if every gate passes."""

from __future__ import annotations

from dataclasses import asdict

from bot.conversation.asked import Asked
from bot.domain import Version
from bot.station import Station
from bot.store import FollowedRun


async def propose(station: Station, end_id: str, followed: FollowedRun, version: Version) -> None:
    """Submit the request for the version that this run gave; `end_id` names the run's end, so that it is one request.

    Who asked for the run proposes it; the bot itself where nobody did.
    """
    model = await station.catalogue.of_dag(followed.dag_id)
    if model is None or model.contract.promotion.propose != "auto" or model.contract.alias in version.aliases:
        return
    job_id, alias = f"{end_id}:propose", model.contract.alias
    channel = followed.channel or followed.card_channel or model.contract.channel or ""
    args = {"model": model.name, "version": version.version, "alias": alias, "reason": "", "override": ""}
    who: dict[str, object] = {"channel": channel}
    if followed.requested_by:
        text = f"promote {model.name} {version.version} --to {alias}"
        asked = Asked(job_id, followed.requested_by, followed.requested_by_name or "", channel, text)
        who = {"asked": asdict(asked)}
    await station.jobs.submit(job_id, "promotion", args | who | {"auto": True})

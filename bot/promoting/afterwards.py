"""After the alias has moved: the cards put right, the version deployed, the requester told."""

from __future__ import annotations

from typing import Any

from bot.following.redrawing import submit_redraw
from bot.jobs import JobContext
from bot.messages.phrases import listed
from bot.promoting.deploying import deploy
from bot.promoting.entries import entry
from bot.promoting.evidence import Evidence
from bot.promoting.showing import put_right, refreshed, reply
from bot.promoting.tagging import approvals
from bot.settings.promotion import Promotion as Terms
from bot.station import Station
from bot.store import Promotion


async def deploy_it(ctx: JobContext, promotion: Promotion, station: Station) -> None:
    """Put the cards right, deploy where the model says by which DAG, and tell the requester how that ended."""
    dag_id = (await terms_of(station, promotion)).deploy
    await ctx.step("shown", _show, station, promotion, bool(dag_id))
    what = f"{promotion.model} v{promotion.version}"
    if not dag_id:
        await ctx.step("told", reply, station, promotion, "done", f"{what} is in {promotion.alias}.")
        return
    copied = promotion.moved.get("copied") or {}
    conf = {
        "model": copied.get("model", promotion.registered_model),
        "version": copied.get("version", promotion.version),
        "alias": promotion.alias,
    }
    approved = listed([each.name for each in await approvals(station, promotion)])
    note = f"Deploys {what}: asked by {promotion.requested_by_name}, approved by {approved}, in Slack"

    async def report(told: dict[str, Any]) -> None:
        now, goes_on = await refreshed(station, promotion), told["state"] == "running"
        if now.deploy == told and goes_on:
            return
        await station.store.promotions.change(promotion.id, deploy=told)
        await put_right(station, promotion.id, live=goes_on)

    ended = await deploy(ctx, station, dag_id, conf, note, report)
    await ctx.step("told", _tell_end, station, promotion, ended)


async def _show(station: Station, promotion: Promotion, goes_on: bool) -> None:
    """This card; that of the run, which offers to propose; and that of the version which held the alias before: its
    way back is another now.
    """
    await put_right(station, promotion.id, live=goes_on)
    trained = Evidence.model_validate(promotion.evidence).run
    if trained and (followed := await station.store.runs.get(trained)):
        await submit_redraw(station, followed, because=promotion.id)
    for move in await station.store.ledger.targets(promotion.registered_model, promotion.alias):
        if move.after == promotion.moved.get("before") and move.promotion:
            await put_right(station, move.promotion)


async def _tell_end(station: Station, promotion: Promotion, ended: dict[str, Any]) -> None:
    well = ended["state"] == "success"
    row = entry(promotion, "deployed", "deployed" if well else "deployment failed", words=ended["words"])
    await station.store.audit.append(row)
    what = f"{promotion.model} v{promotion.version} is in {promotion.alias}"
    said = f": {ended['words']}" if ended["words"] else ""
    words = f"{what} and deployed{said}." if well else f"{what}, but deploying it failed{said}."
    await reply(station, promotion, "done", words)


async def terms_of(station: Station, promotion: Promotion) -> Terms:
    """What the configuration says of its model now; of one that it no longer has, nothing."""
    models = station.config.current().models
    return models[promotion.model].promotion if promotion.model in models else Terms()

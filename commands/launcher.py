"""`/train` alone: where someone new begins."""

from __future__ import annotations

from bot.access import Right
from bot.conversation.answers import Told, beginnings
from bot.conversation.commands import Call, command
from bot.conversation.words import Arguments
from bot.messages.phrases import count

MOST_OFFERED = 3  # models with a button of their own; the rest is behind "All models"


class LauncherArguments(Arguments):
    """Nothing."""


@command("", summary="where to begin", example="", right=Right.READ)
async def launcher(call: Call, arguments: LauncherArguments) -> Told:
    """Say in two lines what one can do, with buttons for the most likely."""
    station, models = call.station, await call.station.catalogue.models()
    mine = await station.people.runnable(call.person, models)
    ready = [model for model in mine if not model.trouble]
    slash = station.config.current().command
    example = f"\nor type: {slash} run {ready[0].name}" if ready else ""
    text = f"I train models from Slack. You can run {count(len(mine), 'model')} and read {len(models)}.{example}"
    return Told(text=text, proposals=beginnings([model.name for model in ready[:MOST_OFFERED]]))

"""`promote MODEL [VERSION]`: ask that a version gets an alias."""

from __future__ import annotations

from typing import Any

from bot.access import Right
from bot.conversation.commands import Call, Work, command, work
from bot.conversation.words import Arguments
from bot.jobs import JobContext
from bot.promoting import flow, reminding
from bot.promoting.requesting import check_alias
from bot.station import Station


class PromoteArguments(Arguments):
    """The MODEL, which VERSION of it, to which alias, and why; and why nevertheless, where a gate fails."""

    model: str
    version: str = "latest"
    to: str = ""
    reason: str = ""
    override: str = ""

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"to", "reason", "override"})


@command(
    "promote",
    summary="ask for a version to be promoted",
    example='promote MODEL --reason "better on rain"',
    right=Right.PROPOSE,
)
async def promote(call: Call, arguments: PromoteArguments) -> Work:
    """The evidence is read by the work: nothing is asked of MLflow before Slack has its answer."""
    alias = (arguments.to or call.about.contract.alias).removeprefix("@")
    check_alias(alias)
    args = {
        "model": call.about.name,
        "version": arguments.version,
        "alias": alias,
        "reason": arguments.reason.strip(),
        "override": arguments.override.strip(),
    }
    return Work("promotion", args, subject=f"{call.about.registered_model} {arguments.version}")


@work("promotion")
async def carry_out(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Ask, wait for people to decide, and do what they decided."""
    await flow.promotion(ctx, args, station)


@work(reminding.KIND)
async def remind(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Remind those who can decide, once."""
    await reminding.remind(ctx, args, station)

"""`rollback MODEL`: an alias goes back to what it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.access import Right
from bot.conversation.answers import Proposal, Told
from bot.conversation.commands import Call, Work, command, work
from bot.conversation.words import Arguments, quote
from bot.errors import Refusal
from bot.jobs import JobContext
from bot.messages.phrases import listed
from bot.promoting import rollback as rolling
from bot.promoting.targets import before
from bot.station import Station
from bot.store import Move

NOTHING = "Nothing was changed."


class RollbackArguments(Arguments):
    """The MODEL, to which version, from which, of which alias, and why; and whether to ask no more."""

    model: str
    to: str = ""
    from_: str = ""
    alias: str = ""
    reason: str = ""
    yes: bool = False

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"to", "from_", "alias", "reason", "yes"})


@command("rollback", summary="let an alias go back to what it was", example="rollback MODEL", right=Right.ROLLBACK)
async def rollback(call: Call, arguments: RollbackArguments) -> Told | Work:
    """Ask first, naming both versions, from the ledger alone; `--yes` goes on from exactly the version it names."""
    model, alias = call.about, (arguments.alias or call.about.contract.alias).removeprefix("@")
    where = (model.registered_model, alias)
    held = await call.station.store.ledger.current(*where)
    now = arguments.from_.lstrip("vV") or (held.after if held else None) or ""
    targets = await call.station.store.ledger.targets(*where)
    to = _target(call, targets, arguments.to, now, alias)
    if arguments.yes:
        args = {
            "model": model.name,
            "registered_model": model.registered_model,
            "alias": alias,
            "from": now,
            "to": to,
            "reason": arguments.reason.strip(),
        }
        return Work("rollback", args, subject=f"{model.registered_model} v{to}")
    reason = f" --reason={quote(arguments.reason)}" if arguments.reason else ""
    goes_on = f"rollback {model.name} --to {to}{f' --from {now}' if now else ''} --alias {alias}{reason} --yes"
    deploys = f", and start {model.contract.promotion.deploy}" if model.contract.promotion.deploy else ""
    return Told(
        text=f"Roll {alias} of {model.name} back from {f'v{now}' if now else 'nothing'} to v{to}{deploys}?",
        proposals=(Proposal(f"Roll back to v{to}", goes_on, settles=True),),
    )


def _target(call: Call, targets: Sequence[Move], word: str, now: str, alias: str) -> str:
    """The version to go back to. Refusal where there is none, or that one can't be."""
    asked, name = word.lstrip("vV"), call.about.name
    if not [each for each in targets if each.after != now]:
        raise Refusal(
            f"There is nothing to roll {name} back to: no other version held {alias} through an approved promotion.",
            hint=NOTHING,
        )
    if not asked:
        found = before(targets, now)
        if found is None:
            known = listed([f"v{each.after}" for each in targets if each.after != now])
            raise Refusal(
                f"Nothing held {alias} before v{now}. Since then {known} did: name it with --to.", hint=NOTHING
            )
        return found.after or ""
    if asked == now:
        raise Refusal(f"{alias} of {name} is at v{now} already.", hint=NOTHING)
    if asked not in {each.after for each in targets}:
        known = listed([f"v{each.after}" for each in targets if each.after != now])
        raise Refusal(f"v{asked} never held {alias} through an approved promotion. These did: {known}.", hint=NOTHING)
    return asked


@work("rollback")
async def carry_out(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Move the alias back, and deploy."""
    await rolling.rollback(ctx, args, station)

"""What is told of others' work in MLflow: an alias moved, a version deleted. Once, in its model's channel."""

from __future__ import annotations

from typing import Any, ClassVar

from structlog import get_logger

from bot.catalogue import Model
from bot.conversation.answers import Proposal
from bot.conversation.words import quote
from bot.errors import Refusal, ServiceError
from bot.jobs import JobContext, RetryLater
from bot.messages.render import Message
from bot.promoting.targets import before
from bot.station import Station
from bot.store import Move

log = get_logger(__name__)
MOVED, DELETED = "alias.outside", "version.deleted"
ASK_AGAIN = 20.0
GIVE_UP = 24 * 3_600.0  # seconds; the ledger keeps it all the same


class OutsideChange(Message):
    """What happened in MLflow, and what follows from it. `proposals` are buttons: the way back."""

    template: ClassVar[str] = "outside_change"
    headline: str
    note: str
    proposals: tuple[Proposal, ...] = ()


async def tell_moved(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "alias.outside"."""
    move, model = await station.store.ledger.get(args["move"]), await _model(station, args["model"])
    if move is None or model is None:
        return
    message = OutsideChange(
        headline=headline(model, move, deleted=args["deleted"]),
        note="Nobody approved this here, and nothing was deployed.",
        proposals=await _way_back(station, model, move, deleted=args["deleted"]),
    )
    await _tell(ctx, model, message, station)


async def tell_deleted(ctx: JobContext, args: dict[str, Any], station: Station) -> None:
    """Carry out "version.deleted": of one that an alias could have been rolled back to."""
    if model := await _model(station, args["model"]):
        held = f"v{args['version']} of {args['registered_model']}, which held {args['alias']} before"
        message = OutsideChange(
            headline=f"{held}, was deleted in MLflow itself", note="Nothing can be rolled back to it any more."
        )
        await _tell(ctx, model, message, station)


async def _model(station: Station, name: str) -> Model | None:
    """None where it is in the catalogue no longer."""
    try:
        return await station.catalogue.find(name)
    except Refusal:
        return None


async def _tell(ctx: JobContext, model: Model, message: OutsideChange, station: Station) -> None:
    """In the model's channel, or to its owners where there is none."""
    people = [owner for owner in model.contract.owners if owner.startswith(("U", "W"))]
    places = [model.contract.channel, *people] if model.contract.channel else people
    try:
        if await station.posting.somewhere(f"{ctx.id}:told", places, message.render()) is None:
            log.warning("outside.nowhere", model=model.name)
    except ServiceError as error:
        if ctx.age > GIVE_UP:
            raise
        raise RetryLater(str(error), after=getattr(error, "retry_after", None) or ASK_AGAIN) from error


def headline(model: Model, move: Move, *, deleted: bool) -> str:
    """What happened, in one sentence that begins with the alias."""
    name = model.name if move.registered_model == model.registered_model else move.registered_model
    whose, gone = f"{move.alias} of {name}", " (deleted)" if deleted else ""
    if move.before is None:
        return f"{whose} was given to v{move.after} in MLflow itself"
    if move.after is None and deleted:
        return f"{whose} holds nothing now: v{move.before} was deleted in MLflow itself"
    if move.after is None:
        return f"{whose} was taken from v{move.before} in MLflow itself, and holds nothing now"
    return f"{whose} moved from v{move.before}{gone} to v{move.after} in MLflow itself"


async def _way_back(station: Station, model: Model, move: Move, *, deleted: bool) -> tuple[Proposal, ...]:
    """The version that held the alias last through an approved promotion, if it still could."""
    if move.registered_model != model.registered_model:
        return ()  # the copy follows its original
    targets = await station.store.ledger.targets(move.registered_model, move.alias)
    target = before([each for each in targets if not deleted or each.after != move.before], move.after)
    if target is None:
        return ()
    typed = f"rollback {quote(model.name)} --to {target.after} --alias {quote(move.alias)}"
    return (Proposal(f"Roll back to v{target.after}", typed),)

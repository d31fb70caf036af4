"""`audit [MODEL] [@person]`: who did what, when, with what outcome; as far as one may read it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import model_validator

from bot.access import Right, Role, decide
from bot.auditing.since import since
from bot.conversation.commands import Call, command
from bot.conversation.words import Arguments
from bot.errors import BadValue, NotAllowed
from bot.following.masking import masked
from bot.messages.markup import Markup, date, escape, fit, lines
from bot.messages.phrases import count
from bot.messages.render import Message
from bot.store import AuditEntry, AuditRow

MOST = 20  # rows; a phone is short, and `stationmaster audit export` has them all
MOST_REASON = 120  # characters


class AuditMessage(Message):
    """Rows of the trail, newest first. For one person: what they may read, others may not."""

    template: ClassVar[str] = "audit"
    headline: str
    rows: Markup = Markup("")
    note: str = ""


class AuditArguments(Arguments):
    """A MODEL, a PERSON (as Slack offers them after an @), in either order; and since when."""

    model: str = ""
    person: str = ""
    since: str = ""

    @classmethod
    def options(cls) -> frozenset[str]:
        """See Arguments."""
        return frozenset({"since"})

    @model_validator(mode="before")
    @classmethod
    def _either_order(cls, given: dict[str, Any]) -> dict[str, Any]:
        if str(given.get("model", "")).startswith("@"):
            return given | {"model": given.get("person", ""), "person": given["model"]}
        return given


@command("audit", summary="who did what, and what came of it", example="audit MODEL --since 7d", right=Right.AUDIT)
async def audit(call: Call, arguments: AuditArguments) -> AuditMessage:
    """The last rows that this person may read: all, those of models they own, and their own."""
    person = _person(arguments.person)
    begin = since(arguments.since, datetime.now(UTC), ZoneInfo(call.person.zone)) if arguments.since else 0.0
    everything = decide(Right.AUDIT, call.roles - {Role.OWNER}).allowed
    owned = [] if everything else await _owned(call)
    others = everything or (call.model.name in owned if call.model else bool(owned))
    if person and person != call.person.id and not others:
        raise await _refused(call)
    rows = await call.station.store.audit.search(
        actor=person or None,
        model=call.model.name if call.model else None,
        since=begin,
        reader=None if everything else (call.person.id, owned),
        limit=MOST + 1,
    )
    whose = "" if others else " of your own"
    about = f" about {call.model.name}" if call.model else ""
    more = f"Only the last {MOST} are shown: name a model, a person or --since, or ask an admin for an export."
    return AuditMessage(
        headline=f"{count(min(len(rows), MOST), 'row') if rows else 'No rows'}{whose}{about} in the audit trail",
        rows=lines([_line(row) for row in rows[:MOST]], "section"),
        note=more if len(rows) > MOST else "",
    )


def _person(typed: str) -> str:
    """The person's id, as Slack puts it where somebody was chosen after an @; empty where nobody was named."""
    if not typed:
        return ""
    found = typed.removeprefix("@")
    if not typed.startswith("@") or not found.startswith(("U", "W")) or not found.isalnum() or not found.isupper():
        raise BadValue(
            f"I don't know who “{fit(typed, 40)}” is.", hint="Type @ and choose the person from Slack's list."
        )
    return found


async def _owned(call: Call) -> list[str]:
    """The names of the models that this person owns."""
    models = await call.station.catalogue.models()
    return [each.name for each in models if Role.OWNER in await call.station.people.roles(call.person, each)]


async def _refused(call: Call) -> NotAllowed:
    """Why other people's rows are not for this person, which is a row itself."""
    why = "You may read your own rows of the audit trail; other people's are for owners, admins and auditors."
    entry = AuditEntry(
        id=f"{call.request_id}:refused",
        actor=call.person.id,
        actor_name=call.person.name,
        action=Right.AUDIT,
        outcome="refused",
        model=call.model.name if call.model else None,
        detail={"why": why},
    )
    await call.station.store.audit.append(entry)
    return NotAllowed(why)


def _line(row: AuditRow) -> Markup:
    at = date(datetime.fromtimestamp(row.at, UTC), "{date_short_pretty} {time}")
    why = str((row.detail or {}).get("why") or (row.detail or {}).get("reason") or "")
    words = [row.actor_name, row.action, row.outcome, row.model or "", row.subject or "", fit(masked(why), MOST_REASON)]
    return Markup(" · ".join([at, *(escape(" ".join(word.split())) for word in words if word)]))

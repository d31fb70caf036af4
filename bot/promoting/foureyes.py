"""Who may decide on a promotion, and why: four eyes. Pure.

Who started or retried the run that made the version, whose schedule started it, or who proposes it, can't approve it.
A model's configuration may switch that off, but not for a version whose origin nobody knows: that needs two approvals.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from bot.domain import Person
from bot.messages.markup import Markup, escape, mention
from bot.messages.phrases import listed
from bot.promoting.evidence import Approver, Barred, Evidence

EVERYONE = "everyone"
NEEDED_WHERE_UNKNOWN = 2
PROPOSED = "asked for this promotion"


class Verdict(NamedTuple):
    """May they decide? `why` is the sentence for them, either way."""

    allowed: bool
    why: Markup


def needed(approvals: int, unknown: str) -> int:
    """How many approvals it takes: as many as the model asks for, and two at least where its origin is unknown."""
    return max(approvals, NEEDED_WHERE_UNKNOWN) if unknown else approvals


def holds(four_eyes: bool, unknown: str) -> bool:
    """Are those who trained or proposed it barred? A model may switch that off for versions of known origin only."""
    return four_eyes or bool(unknown)


def barred(found: Sequence[Barred]) -> tuple[Barred, ...]:
    """Each person once, with everything that bars them."""
    by_person: dict[str, list[Barred]] = {}
    for each in found:
        by_person.setdefault(each.person, []).append(each)
    return tuple(
        Barred(person=person, name=mine[0].name, why=listed(list(dict.fromkeys(each.why for each in mine))))
        for person, mine in by_person.items()
    )


def may_decide(evidence: Evidence, person: Person, memberships: Collection[str]) -> Verdict:
    """May this person approve or reject? `memberships` are the approvers' entries that they are found in, as of now:
    `People.among(person.id, members(evidence))`.
    """
    if person.outsider:
        return Verdict(False, Markup("Guests and people of other workspaces can't decide."))
    entries = [each for each in evidence.approvers if each.member in memberships]
    if not entries:
        return Verdict(False, Markup(f"{approvers_in_words(evidence)} can decide on this; you are not among them."))
    bar = next((each for each in evidence.barred if each.person == person.id), None)
    if bar and evidence.four_eyes:
        return Verdict(False, Markup(f"You {escape(bar.why)}, so somebody else has to decide."))
    found = _found(entries[0], evidence)
    if bar:
        return Verdict(True, Markup(f"You can decide because {found}; four eyes is switched off for this model."))
    return Verdict(True, Markup(f"You can decide because {found} and did not train or propose it."))


def members(evidence: Evidence) -> list[str]:
    """The approvers' entries, as the configuration has them."""
    return [each.member for each in evidence.approvers]


def why_approvers(evidence: Evidence) -> Markup:
    """Who can decide, and why, for everyone to read: "@ml-leads and Omar can decide, as approvers of delays; …"."""
    if not evidence.approvers:
        return Markup(f"Nobody can decide: {escape(evidence.model)} has no approvers in the configuration.")
    whose = evidence.model if evidence.approvers[0].own else "the workspace"
    said = f"{approvers_in_words(evidence)} can decide, as approvers of {escape(whose)}"
    names = listed([f"{escape(each.name)}, who {escape(each.why)}" for each in evidence.barred])
    if names and evidence.four_eyes:
        said += f"; not {names}"
    elif not evidence.four_eyes:
        said += "; four eyes is switched off, so who trained or proposed it may too"
    if evidence.unknown:
        said += f". Its origin is unknown ({escape(evidence.unknown)}), so two people have to approve it"
    return Markup(said)


def approvers_in_words(evidence: Evidence) -> Markup:
    """Those who can decide, people and groups mentioned."""
    return Markup(listed([_called(each) for each in evidence.approvers]) or "Nobody")


def _called(approver: Approver) -> str:
    return "Everyone here" if approver.member == EVERYONE else mention(approver.member)


def _found(approver: Approver, evidence: Evidence) -> str:
    whose = f"an approver of {escape(evidence.model)}" if approver.own else "an approver here"
    if approver.member.startswith("S"):
        return f"you are in {mention(approver.member)}"
    return f"everyone here is {whose}" if approver.member == EVERYONE else f"you are {whose}"

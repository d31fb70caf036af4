"""The card of a request to promote: the evidence, who can decide; once it is decided who did, when and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from bot.conversation.words import quote
from bot.following.cards import Link
from bot.following.controls import Control
from bot.messages.markup import Markup, date, escape
from bot.messages.phrases import count, listed, number
from bot.messages.render import Message
from bot.promoting.evidence import Evidence
from bot.promoting.foureyes import why_approvers
from bot.promoting.gates import GateResult

if TYPE_CHECKING:  # the store is no part of what is pure
    from bot.store import Decision, Promotion

APPROVED, REJECTED, WITHDRAWN = "approved", "rejected", "withdrawn"  # verdicts, as decisions keep them
DAY_AND_TIME = "{date_short_pretty} {time}"
ARROWS = {"higher": " ↑", "lower": " ↓"}


class PromotionCard(Message):
    """One move of an alias: its state first, then what was decided, then the evidence, who can decide, buttons.

    With a `promotion_id` it has the buttons Approve, Reject and Withdraw.
    """

    template: ClassVar[str] = "promotion"
    icon: str
    headline: str
    outcome: tuple[Markup, ...] = ()
    said: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    notes: tuple[Markup, ...] = ()
    whom: Markup = Markup("")
    promotion_id: str = ""
    controls: tuple[Control, ...] = ()
    stamp: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the card is made of. `back` is the version that its button rolls back to, if it has one.

    `made`: how many moves its alias has had. The button may come again after others, and then is another one.
    """

    promotion: Promotion
    evidence: Evidence
    votes: Sequence[Decision] = ()
    back: str = ""
    made: int = 0

    @property
    def what(self) -> str:
        """The version, as people call it."""
        return f"{self.promotion.model} v{self.promotion.version}"

    @property
    def approvals(self) -> list[Decision]:
        """The approvals that count."""
        return [each for each in self.votes if each.verdict == APPROVED and each.person not in self.promotion.voided]


def promotion_card(shown: Shown) -> PromotionCard:
    """The card as things stand."""
    promotion, evidence = shown.promotion, shown.evidence
    waits = promotion.state == "waiting"
    icon, headline = _headline(shown)
    return PromotionCard(
        icon=icon,
        headline=headline,
        outcome=tuple(_outcome(shown)),
        said=tuple(_said(shown)),
        table=evidence_table(evidence),
        notes=(Markup(" · ".join(_notes(evidence))),),
        whom=_whom(shown) if waits else Markup(""),
        promotion_id=promotion.id if waits else "",
        controls=tuple(_controls(shown)),
        stamp=f"{promotion.state}:{shown.made}" if shown.back else promotion.state,
        links=_links(evidence) if waits else (),
    )


def _links(evidence: Evidence) -> tuple[Link, ...]:
    pages = {"Open in MLflow": evidence.url, "Compare the code": evidence.code_url}
    return tuple(Link(label, url) for label, url in pages.items() if url)


def asks(promotion: Promotion, evidence: Evidence) -> str:
    """What is asked for: "Dana asks to put delays v13 into production (now v11)"."""
    now = f"now v{evidence.champion.version}" if evidence.champion else "nothing holds it yet"
    name = promotion.requested_by_name
    return f"{name} asks to put {promotion.model} v{promotion.version} into {promotion.alias} ({now})"


def _headline(shown: Shown) -> tuple[str, str]:
    promotion, what = shown.promotion, shown.what
    match promotion.state:
        case "waiting":
            return "🚦", asks(promotion, shown.evidence)
        case "approved":
            return "⏳", f"{what} is approved for {promotion.alias}: I read the evidence again"
        case "moving" if not promotion.moved:
            return "⏳", f"{what} is approved, and moves into {promotion.alias}"
        case "moving" | "done":
            return "✅", f"{what} is in {promotion.alias}"
        case "rejected":
            return "⛔", f"{what} was rejected for {promotion.alias}"
        case "withdrawn":
            return "⚪", f"{promotion.requested_by_name} withdrew the request to put {what} into {promotion.alias}"
        case "expired":
            return "⚪", f"Nobody decided in time: {what} was not put into {promotion.alias}"
        case "void":
            return "⚠️", f"This request is void: {promotion.why} while it waited"
        case _ if promotion.moved:
            return "⚠️", f"{what} is in {promotion.alias}, but not everything was done: {promotion.why}"
        case _:
            return "❌", f"{what} was not put into {promotion.alias}: {promotion.why}"


def _outcome(shown: Shown) -> Iterator[Markup]:
    """Who decided, when and why; then what came of it."""
    promotion = shown.promotion
    asked_by = f"asked by {escape(promotion.requested_by_name)}"
    approved = listed([_by(each) for each in shown.approvals])
    if promotion.state == "rejected":
        against = next((each for each in shown.votes if each.verdict == REJECTED), None)
        yield Markup(f"Rejected by {_by(against) if against else 'somebody'}, {asked_by}: “{escape(promotion.why)}”")
    elif promotion.state in {"approved", "moving", "done", "void", "failed"} and approved:
        before = promotion.moved.get("before")
        was = f" (before: v{escape(str(before))})" if before else ""
        yield Markup(f"Approved by {approved}, {asked_by}{was}")
    elif promotion.state in {"withdrawn", "expired", "void", "failed"}:
        when = f" {_moment(promotion.decided)}" if promotion.decided else ""
        yield Markup(f"{asked_by[:1].upper()}{asked_by[1:]}, ended{when}")
    if promotion.moved.get("copy"):
        yield Markup(f"Copied as {escape(promotion.moved['copy'])}")
    if promotion.moved.get("pending"):
        yield Markup(f"Still to come: {escape(promotion.moved['pending'])}")
    if promotion.deploy:
        yield deployment_line(promotion.deploy)


def deployment_line(deploy: dict[str, object]) -> Markup:
    """How the deployment stands: "Deploying…", "Deployed: scored 12,040 rows 11:07", "Deploying failed: …"."""
    words = escape(str(deploy.get("words") or ""))
    ended = deploy.get("ended")
    when = f" {_moment(ended)}" if isinstance(ended, float) else ""
    match deploy.get("state"):
        case "success":
            return Markup(f"Deployed{when}: ✓ {words}" if words else f"✓ Deployed{when}")
        case "running":
            return Markup(f"Deploying… {words}".strip())
        case _:
            return Markup(f"❌ Deploying failed{when}: {words}")


def _by(vote: Decision) -> str:
    return f"{escape(vote.name or 'somebody')} {_moment(vote.at)}"


def _moment(at: float) -> Markup:
    return date(datetime.fromtimestamp(at, UTC), DAY_AND_TIME)


def _said(shown: Shown) -> Iterator[str]:
    promotion = shown.promotion
    if promotion.reason:
        yield f"“{promotion.reason}”"
    if promotion.override:
        failed = listed([f"{each.gate.subject} ({each.words})" for each in shown.evidence.failed])
        yield f"⚠️ Overrides failed gates: {failed}. “{promotion.override}”"


def _notes(evidence: Evidence) -> Iterator[str]:
    """The commit, the data, who trained it."""
    if evidence.gates:
        yield f"gates: {len(evidence.gates) - len(evidence.failed)} of {len(evidence.gates)} passed"
    yield f"commit {escape(evidence.commit[:7])}" if evidence.commit else "no commit known"
    yield _data(evidence)
    trained = f"trained by {escape(evidence.trained_by)}" if evidence.trained_by else "trained by nobody I know"
    when = f" {date(evidence.trained, DAY_AND_TIME)}" if evidence.trained else ""
    yield f"{trained}{when}" + (f", {escape(evidence.cost)}" if evidence.cost else "")
    if evidence.unknown:
        yield f"⚠️ unknown origin: {escape(evidence.unknown)}"
    if not evidence.four_eyes:
        yield "four eyes is switched off"


def _data(evidence: Evidence) -> str:
    digests = {each.digest for each in evidence.datasets if each.context == "evaluation"}
    named = f" ({escape(digests.pop()[:4])}…)" if len(digests) == 1 else ""
    if evidence.champion is None:
        return f"evaluation data{named}" if named else "no evaluation data known"
    if evidence.champion.comparable:
        return f"same holdout{named}"
    return f"not comparable with v{escape(evidence.champion.version)}: other evaluation data"


def evidence_table(evidence: Evidence) -> tuple[tuple[str, ...], ...]:
    """Metric by metric the candidate, the champion and the gates; then what else is asked for. Empty without either."""
    champion = evidence.champion
    head = ("metric", f"v{evidence.version}", *([f"v{champion.version}"] if champion else []), "gate")
    lines = evidence.lines()
    rows = []
    for line in lines:
        name = line.metric + ARROWS.get(evidence.directions.get(line.metric, ""), "")
        beside = ["–" if line.champion is None else number(line.champion)] if champion else []
        gates = [each for each in evidence.gates if each.gate.subject == line.metric]
        rows.append((name, number(line.candidate), *beside, "; ".join(_mark(each) for each in gates) or "–"))
    shown = {line.metric for line in lines}
    for each in evidence.gates:
        if each.gate.subject not in shown:
            found = each.words.removesuffix(f", {each.gate.rule}")
            rows.append((each.gate.subject, found, *(["–"] if champion else []), _mark(each)))
    return (head, *rows) if rows else ()


def _mark(result: GateResult) -> str:
    return f"✓ {result.gate.rule}" if result.passed else f"✗ {result.words}"


def _whom(shown: Shown) -> Markup:
    """Who can decide and why, how many are needed, what was decided so far, and until when."""
    promotion = shown.promotion
    parts = [f"{why_approvers(shown.evidence)}.".replace("..", ".")]
    if shown.approvals:
        by = listed([_by(each) for each in shown.approvals])
        parts.append(f"{len(shown.approvals)} of {promotion.needed}: approved by {by}.")
    else:
        parts.append(f"{count(promotion.needed, 'approval')} needed.")
    parts += [f"{escape(why)}." for why in promotion.voided.values()]
    parts.append(f"Expires {_moment(promotion.expires)}.")
    return Markup(" ".join(parts))


def _controls(shown: Shown) -> Iterator[Control]:
    promotion = shown.promotion
    if promotion.state in {"void", "expired"}:
        label = "Ask again with today's evidence" if promotion.state == "void" else "Ask again"
        yield Control(label, ask_again(promotion))
    if shown.back:
        yield roll_back(promotion.model, promotion.alias, promotion.version, shown.back)


def ask_again(promotion: Promotion) -> str:
    """The command that asks for the same."""
    reason = f" --reason={quote(promotion.reason)}" if promotion.reason else ""
    override = f" --override={quote(promotion.override)}" if promotion.override else ""
    return f"promote {promotion.model} {promotion.version} --to {promotion.alias}{reason}{override}"


def roll_back(model: str, alias: str, version: str, back: str) -> Control:
    """The button by which the alias goes from this version back to that one, once that is confirmed."""
    command = f"rollback {model} --to {back} --from {version} --alias {alias} --yes"
    question = f"{alias} of {model} goes from v{version} back to v{back}, and what deploys it is started."
    return Control(f"Roll back to v{back}", command, "danger", question, f"Roll back to v{back}")

"""`promote`: asked on a card with its evidence, decided by who may, carried out once, told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from bot.domain import Version
from bot.errors import ServiceRejected
from bot.promoting.card import PromotionCard
from bot.store import How
from bot.store.schema import job
from tests.app.conftest import ADA, DANA, DELAYS, GENERAL, NOOR, OMAR, TRAINING, World
from tests.app.promoting import (
    ask,
    becomes,
    button,
    buttons,
    click,
    configure,
    deployed,
    deployment,
    newest,
    now,
    promotable,
    said,
    settled,
    two_versions,
)
from tests.app.training import change, trained


@pytest.fixture
async def world(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Delays has gates and a DAG that deploys it."""
    promotable(world, monkeypatch)
    yield world
    world.airflow.recover()
    world.mlflow.recover()


async def test_the_card_shows_the_evidence_and_why_each_approver_is_one(world: World) -> None:
    """Both versions metric by metric with the gates, commit, data, reason, who asks, who can decide, until when."""
    await two_versions(world)
    card = await ask(world, 'promote delays --reason "rain fixed"')
    words = said(card)
    assert card.text.startswith("🚦 Dana asks to put delays v2 into production (now v1)")
    for expected in (
        "“rain fixed”",
        "auc ↑",
        "0.712",
        "0.671",
        "✓ at least 0.65; ✓ drop at most 0.01",
        "gates: 3 of 3 passed",
        "commit 4be1c02",
        "same holdout (7f3a…)",
        "trained by Dana",
        "<!subteam^S0MLLEADS> can decide, as approvers of the workspace; not Dana, who started the run that made it",
        "1 approval needed.",
        "Expires <!date^",
    ):
        assert expected in words
    assert buttons(card)[:3] == ["Approve", "Reject…", "Withdraw"]
    assert world.mlflow.count("set_alias") == 0


async def test_approved_it_moves_is_tagged_deployed_and_told(world: World) -> None:
    """By whom, when, why; the alias, MLflow's tags, the ledger and the audit trail agree."""
    await two_versions(world)
    card = await ask(world, 'promote delays v2 --reason "rain fixed"')
    assert await click(world, OMAR, card, "approve") == "You approved delays v2 for production."
    moved = await becomes(world, card, "Deploying…")
    assert buttons(moved) == []
    assert await deployed(world) == {"model": "delays", "version": "2", "alias": "production"}
    done = await becomes(world, card, "Deployed")
    assert done.text.startswith("✅ delays v2 is in production. Approved by Omar <!date^")
    assert "✓ scored 12,040 rows" in said(done)
    assert "asked by Dana (before: v1)" in said(done)
    replies = await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts), 20)
    assert [each.text for each in replies] == [
        f"<@{DANA}> delays v2 is in production and deployed: scored 12,040 rows."
    ]

    promotion = await settled(world, "done")
    holder = await world.mlflow.holder("delays", "production")
    assert holder is not None
    assert holder.version == "2"
    expected = {
        "stationmaster.promoted": "v2 to production",
        "stationmaster.requested_by": f"Dana ({DANA})",
        "stationmaster.approved_by": f"Omar ({OMAR})",
        "stationmaster.reason": "rain fixed",
        "stationmaster.evidence": promotion.digest,
        "stationmaster.promotion": promotion.id,
    }
    assert expected.items() <= holder.tags.items()
    assert expected.items() <= world.mlflow.model_tags("delays").items()
    current = await world.station.store.ledger.current("delays", "production")
    assert current is not None
    assert (current.before, current.after, current.how, current.promotion) == ("1", "2", How.PROMOTION, promotion.id)
    assert [row.outcome for row in await world.audit("promote")] == [
        "accepted",
        "requested",
        "approved",
        "intended",
        "promoted",
        "deployed",
    ]
    assert all(row.job_id == promotion.id for row in await world.audit("promote"))


async def test_nobody_who_trained_or_asked_approves(world: World) -> None:
    """Four eyes: who trained it, and who asks; and nobody who is no approver. Each is told why, and audited."""
    await trained(world, "1", OMAR, auc=0.7)
    card = await ask(world, person=ADA)
    assert (
        await click(world, OMAR, card, "approve") == "You started the run that made it, so somebody else has to decide."
    )
    assert await click(world, ADA, card, "approve") == "You asked for this promotion, so somebody else has to decide."
    assert "you are not among them" in await click(world, NOOR, card, "approve")
    assert "you are not among them" in await click(world, DANA, card, "reject")
    assert world.slack.as_user(DANA).modals == []
    assert {row.actor for row in await world.audit("promote") if row.outcome == "refused"} == {OMAR, ADA, NOOR, DANA}
    assert (await settled(world, "waiting")).id


async def test_two_approvals(world: World) -> None:
    """The card counts; each person counts once; the last one needed sets it going."""
    configure(world, ("min_rows: 1000", "min_rows: 1000\n      approvals: 2"))
    await two_versions(world)
    card = await ask(world)
    assert "2 approvals needed." in said(card)
    await click(world, OMAR, card, "approve")
    await becomes(world, card, "1 of 2: approved by Omar")
    assert await click(world, OMAR, card, "approve") == "You have decided on this already."
    assert world.mlflow.count("set_alias") == 0
    await click(world, ADA, card, "approve")
    done = await becomes(world, card, "✅ delays v2 is in production")
    assert "Approved by Omar" in done.text
    assert "and Ada" in done.text
    assert len([row for row in await world.audit("promote") if row.outcome == "approved"]) == 2


async def test_two_approvers_at_the_same_instant(world: World) -> None:
    """Where one is enough, one counts, the other is told; the alias moves once."""
    await two_versions(world)
    card = await ask(world)
    actors = [world.slack.as_user(person) for person in (OMAR, ADA)]
    await asyncio.gather(*(actor.click(card.channel, card.ts, "approve") for actor in actors))
    await becomes(world, card, "✅ delays v2 is in production")
    told = [world.slack.ephemerals(person, TRAINING)[-1].text for person in (OMAR, ADA)]
    assert sorted(told) == [
        "This is decided already: delays v2 was approved.",
        "You approved delays v2 for production.",
    ]
    assert world.mlflow.count("set_alias") == 1
    promotion = await settled(world, "done")
    assert len(await world.station.store.decisions.on(promotion.id)) == 1


async def test_approve_against_withdraw(world: World) -> None:
    """At the same instant: one of the two holds, whichever it is, and everything agrees with it."""
    await two_versions(world)
    card = await ask(world)
    await asyncio.gather(
        world.slack.as_user(OMAR).click(card.channel, card.ts, "approve"),
        world.slack.as_user(DANA).click(card.channel, card.ts, "withdraw"),
    )
    promotion = await newest(world, lambda found: found.state in {"done", "withdrawn"})
    [vote] = await world.station.store.decisions.on(promotion.id)
    assert vote.verdict == {"done": "approved", "withdrawn": "withdrawn"}[promotion.state]
    assert world.mlflow.count("set_alias") == (1 if promotion.state == "done" else 0)


async def test_rejected_with_a_reason(world: World) -> None:
    """A form asks for it, and blanks are none; the card then has no buttons, and says who, when and why."""
    await two_versions(world)
    card = await ask(world)
    actor = world.slack.as_user(OMAR)
    await actor.click(card.channel, card.ts, "reject")
    [form] = await world.slack.wait_for(lambda: actor.modals)
    outcome = await actor.submit(form["id"], {"reason": {"reason": "   "}})
    assert "Say why" in json.dumps(vars(outcome), default=str)
    await actor.submit(form["id"], {"reason": {"reason": "recall <!channel> is worse"}})
    done = await becomes(world, card, "⛔ delays v2 was rejected for production")
    assert "Rejected by Omar <!date^" in said(done)
    assert "asked by Dana: “recall &lt;!channel&gt; is worse”" in said(done)
    assert buttons(done) == []
    [reply] = await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts), 20)
    assert reply.text.startswith(f"<@{DANA}> your request to promote delays v2 was rejected: recall")
    assert world.mlflow.count("set_alias") == 0


async def test_withdrawn_by_who_asked_alone(world: World) -> None:
    """Others are told to reject it."""
    await two_versions(world)
    card = await ask(world)
    assert await click(world, OMAR, card, "withdraw") == "Only Dana can withdraw this; you can reject it."
    assert await click(world, DANA, card, "withdraw") == "You withdrew delays v2."
    await becomes(world, card, "⚪ Dana withdrew the request to put delays v2 into production")
    assert (await settled(world, "withdrawn")).decided


async def test_a_click_on_an_old_card(world: World) -> None:
    """Gets a polite sentence, and the card is put right, whatever it showed."""
    await two_versions(world)
    card = await ask(world)
    await click(world, DANA, card, "withdraw")
    await becomes(world, card, "withdrew")
    promotion = await settled(world, "withdrawn")
    stale = PromotionCard(icon="🚦", headline="an old card", promotion_id=promotion.id)
    at = await world.station.posting.once("old", TRAINING, stale.render())
    old = await world.card("an old card")
    assert at.ts == old.ts
    assert await click(world, OMAR, old, "approve") == "This is over: Dana withdrew it."
    unknown = PromotionCard(icon="🚦", headline="an ancient card", promotion_id="gone")
    await world.station.posting.once("ancient", TRAINING, unknown.render())
    ancient = await world.card("an ancient card")
    assert await click(world, OMAR, ancient, "approve") == "I don't know this request any more."
    assert world.mlflow.count("set_alias") == 0


async def test_a_failed_gate_blocks(world: World) -> None:
    """Nobody is asked; the person hears which gate, what was found and what is asked for. Audited."""
    await trained(world, "1", auc=0.6)
    await world.type(DANA, "promote delays")
    told = await world.told(DANA, "doesn't pass")
    assert told.text.startswith("delays v1 doesn't pass auc (0.600, at least 0.65).")
    assert await world.station.store.promotions.of_model("delays") == []
    assert [row.outcome for row in await world.audit("promote")] == ["accepted", "refused"]


async def test_a_failed_gate_is_overridden_by_a_named_role(world: World) -> None:
    """With a reason, which the card and the audit trail show as an override; others still can't."""
    configure(world, ("min_rows: 1000", "min_rows: 1000\n      override: [admin]"))
    await trained(world, "1", auc=0.6)
    await world.type(DANA, 'promote delays --override "we need it"')
    assert "Only admins may promote it nevertheless" in said(await world.told(DANA, "doesn't pass"))
    await world.type(ADA, "promote delays")
    assert 'add --override \\"why\\"' in said(await world.told(ADA, "doesn't pass"))
    card = await ask(world, 'promote delays --override "the old one is down"', ADA)
    assert "⚠️ Overrides failed gates: auc (0.600, at least 0.65). “the old one is down”" in said(card)
    assert "✗ 0.600, at least 0.65" in said(card)
    [row] = [row for row in await world.audit("promote") if row.outcome == "overridden"]
    assert row.actor == ADA
    await click(world, OMAR, card, "approve")
    await settled(world, "done")
    holder = await world.mlflow.holder("delays", "production")
    assert holder is not None
    assert holder.tags["stationmaster.override"] == "the old one is down"


async def test_the_same_is_not_asked_twice(world: World) -> None:
    """While a request is open a second one is refused, naming who asked; another version may be asked for."""
    await two_versions(world)
    await ask(world)
    await world.type(OMAR, "promote delays v2")
    await world.told(OMAR, "Dana has asked to put delays v2 into production already")
    await trained(world, "3", auc=0.72)
    await ask(world, "promote delays v3")
    assert len(await world.station.store.promotions.pending()) == 2


async def test_a_request_whose_work_is_dead_is_told_as_such(world: World) -> None:
    """It waits for nobody any more: who asks again hears what an admin can do."""
    await two_versions(world)
    await ask(world)
    [kept] = await world.station.store.promotions.pending()
    async with world.station.store.write() as tx:
        await tx.execute(sa.update(job).where(job.c.id == kept.id).values(state="dead"))
    await world.type(OMAR, "promote delays v2")
    told = await world.told(OMAR, "that work has failed for good")
    assert f"stationmaster jobs replay {kept.id}" in said(told)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("promote delays v1", "delays v1 is in production already."),
        ("promote delays v9", "I don't know the version “v9” of delays."),
        ("promote delays @staging", "I don't know the version “@staging” of delays."),
    ],
)
async def test_what_cannot_be_asked_is_told(world: World, text: str, words: str) -> None:
    """After MLflow was looked at; nobody else is bothered."""
    await trained(world, "1", auc=0.7)
    world.mlflow.move_alias("delays", "production", "1")
    await world.type(DANA, text)
    await world.told(DANA, words)
    assert await world.station.store.promotions.of_model("delays") == []


@pytest.mark.parametrize("alias", ["latest", "v3", "a.b", "a/b", "ü ber", "x" * 256])
async def test_an_alias_that_mlflow_refuses(world: World, alias: str) -> None:
    """Is refused at once, by MLflow's own rules."""
    assert "can't be an alias" in await world.type(DANA, f'promote delays --to "{alias}"')
    assert await world.audit("promote") == []


async def test_an_alias_that_mlflow_refuses_when_it_moves(world: World) -> None:
    """Whatever its rules are by then: the card says so, nothing has moved, and the hold is let go."""
    await two_versions(world)
    card = await ask(world)
    world.mlflow.fail_with(ServiceRejected("MLflow", "this alias is reserved", status=400), times=2, on="set_alias")
    await click(world, OMAR, card, "approve")
    failed = await becomes(world, card, "❌ delays v2 was not put into production")
    assert "MLflow refused this: this alias is reserved" in failed.text
    assert await world.station.store.ledger.intended("delays", "production") is None
    assert await world.station.store.ledger.current("delays", "production") is None
    assert deployment(world) is None


async def test_the_first_version_has_nothing_to_compare_with(world: World) -> None:
    """No champion: it is said, the gates that compare pass, and there is nothing to roll back to."""
    await trained(world, "1", auc=0.7)
    card = await ask(world)
    assert "(nothing holds it yet)" in card.text
    assert "nothing to compare with yet" in said(card) or "✓ drop at most 0.01" in said(card)
    await click(world, OMAR, card, "approve")
    await becomes(world, card, "Deploying…")
    await deployed(world)
    done = await becomes(world, card, "Deployed")
    assert "before" not in done.text
    assert "Roll back" not in " ".join(buttons(done))


async def test_a_version_of_unknown_origin_needs_two(world: World) -> None:
    """It says why; and a model that nothing is registered as has nothing to promote."""
    await trained(world, "1", auc=0.7)
    await change(world, "run-1", run_id="elsewhere", tags={}, metrics={"auc": 0.8})
    world.mlflow.add_version(Version(model="delays", version="2", run_id="elsewhere"))
    card = await ask(world)
    assert "2 approvals needed." in said(card)
    assert "⚠️ unknown origin: its MLflow run names no run of Airflow" in said(card)


async def test_a_model_that_was_never_registered(world: World) -> None:
    """Is told in words."""
    await world.type(DANA, "promote delays")
    await world.told(DANA, "delays has no versions yet")


async def test_a_model_without_approvers(world: World) -> None:
    """Nobody could decide, so nobody is asked; it says where an admin names them."""
    configure(world, ("min_rows: 1000", "min_rows: 1000\n      approvers: []"))
    await trained(world, "1", auc=0.7)
    await world.type(DANA, "promote delays")
    assert "promotion.approvers" in said(await world.told(DANA, "delays has no approvers"))


async def test_asked_where_the_bot_is_no_member(world: World) -> None:
    """The card is in the model's channel, and the person is told so."""
    await two_versions(world)
    await world.type(DANA, "promote delays", GENERAL)
    await world.card("asks to put delays v2", DELAYS)
    await world.told(DANA, f"I asked in <#{DELAYS}>", GENERAL)


async def test_the_button_on_a_finished_run(world: World) -> None:
    """Proposes what the run gave; once it has the alias, the button is gone."""
    await two_versions(world)
    card = await world.card("delays v2 is ready")
    label = "Propose for production"
    assert buttons(card)[0] == label
    await world.slack.as_user(DANA).click(card.channel, card.ts, button(card, label))
    request = await world.card("asks to put delays v2 into production")
    await click(world, OMAR, request, "approve")
    await becomes(world, request, "✅")
    await world.slack.wait_for(lambda: label not in buttons(now(world, card)))
    assert "Propose" not in await world.type(DANA, f"status {(await world.run_key()).run_id}") + world.blocks(DANA)


async def test_a_version_proposes_itself(world: World) -> None:
    """Where the model says so and every gate passes; who asked for the run is who proposes; a worse one is silent."""
    configure(world, ("min_rows: 1000", "min_rows: 1000\n      propose: auto"))
    await trained(world, "1", auc=0.7)
    card = await world.card("Dana asks to put delays v1 into production")
    assert await click(world, OMAR, card, "approve") == "You approved delays v1 for production."
    await settled(world, "done")
    await deployed(world)
    await trained(world, "2", auc=0.5)
    await asyncio.sleep(0.5)
    assert len(await world.station.store.promotions.of_model("delays")) == 1
    assert "doesn't pass" not in world.blocks(DANA)


async def test_the_home_tab_lists_what_waits_for_a_person(world: World) -> None:
    """For who may decide and has not; its buttons decide."""
    await two_versions(world)
    await ask(world, 'promote delays --reason "rain fixed"')

    async def opened(person: str) -> str:
        await world.slack.as_user(person).open_home()
        home = await world.slack.wait_for(lambda: world.slack.as_user(person).home)
        return json.dumps(home, ensure_ascii=False)

    assert "Waiting on you (1)" in await opened(OMAR)
    assert "*delays v2* → production, asked by Dana" in await opened(OMAR)
    assert "Waiting on you" not in await opened(DANA)
    actor = world.slack.as_user(OMAR)
    home = await world.slack.wait_for(lambda: actor.home)
    await actor.view_action(home["id"], "approve:1")
    await settled(world, "done")
    await world.slack.as_user(OMAR).open_home()
    await world.slack.wait_for(lambda: "Waiting on you" not in json.dumps(actor.home))


async def test_who_lacks_the_right_cannot_ask(world: World) -> None:
    """A viewer is refused before anything is looked at."""
    assert "may ask for a promotion" in await world.type(NOOR, "promote delays")
    assert [row.outcome for row in await world.audit("propose")] == ["refused"]


async def test_a_rejection_from_the_form_of_a_decided_request(world: World) -> None:
    """The form was open while somebody approved: it says so, and changes nothing."""
    await two_versions(world)
    card = await ask(world)
    actor = world.slack.as_user(ADA)
    await actor.click(card.channel, card.ts, "reject")
    [form] = await world.slack.wait_for(lambda: actor.modals)
    await click(world, OMAR, card, "approve")
    await settled(world, "done")
    await actor.submit(form["id"], {"reason": {"reason": "too late"}})
    await world.slack.wait_for(lambda: "This is decided already" in json.dumps(actor.modals, default=str))
    assert (await settled(world, "done")).why == ""

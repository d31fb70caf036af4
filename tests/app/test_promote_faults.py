"""A promotion when something goes wrong: the evidence moves, a service is away, a person leaves, time runs out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

import bot.people
from bot.domain import Dataset
from bot.errors import ServiceDenied, ServiceDown
from bot.store import PromotionState
from tests.app.conftest import ADA, DANA, OMAR, TRAINING, World
from tests.app.promoting import (
    ask,
    audited,
    becomes,
    button,
    buttons,
    click,
    configure,
    deployed,
    deployment,
    newest,
    promotable,
    said,
    settled,
    two_versions,
)
from tests.app.training import change, trained
from tests.until import until

DOWN = ServiceDown("MLflow", "nothing answers at its address")


@pytest.fixture
async def world(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Delays has gates and a DAG that deploys it."""
    promotable(world, monkeypatch)
    yield world
    world.airflow.recover()
    world.mlflow.recover()


def leads_are(world: World, *people: str) -> None:
    """Somebody changes who is in the user group of approvers."""
    backend = world.slack.backend
    groups = [
        each.model_copy(update={"users": people}) if each.id == "S0MLLEADS" else each for each in backend.world.groups
    ]
    backend.world = backend.world.model_copy(update={"groups": tuple(groups)})


async def test_the_champion_moved(world: World) -> None:
    """The approval is void, the card says what moved, and a click asks anew with the evidence of now."""
    await two_versions(world)
    await trained(world, "3", auc=0.70)
    card = await ask(world, 'promote delays v2 --reason "it\'s \\"rain\\""')
    world.mlflow.move_alias("delays", "production", "3")
    await click(world, OMAR, card, "approve")
    void = await becomes(world, card, "⚠️ This request is void: production moved from v1 to v3 while it waited")
    assert buttons(void) == ["Ask again with today's evidence"]
    assert world.mlflow.count("set_alias") == 0
    assert [row.outcome for row in await world.audit("promote")][-1] == "void"
    await world.slack.as_user(DANA).click(card.channel, card.ts, button(void, "Ask again with today's evidence"))
    again = await world.card("Dana asks to put delays v2 into production (now v3)")
    assert '“it\'s "rain"”' in again.text


OTHER_DATA = Dataset(name="holdout", digest="0000", context="evaluation", rows=84_000)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metrics": {"auc": 0.69}}, "auc changed from 0.712 to 0.690"),
        ({"datasets": (OTHER_DATA,)}, "the evaluation data holdout changed"),
        ({"params": {"depth": "9"}}, "the parameter depth is new"),
    ],
)
async def test_what_training_recorded_moved(world: World, changes: dict[str, Any], words: str) -> None:
    """Metrics, evaluation data, params: void, and said which."""
    await two_versions(world)
    card = await ask(world)
    await change(world, "run-2", **changes)
    await click(world, OMAR, card, "approve")
    assert words in (await becomes(world, card, "is void")).text
    assert world.mlflow.count("set_alias") == 0


async def test_files_gates_and_approvers_moved(world: World) -> None:
    """Each by itself voids what was approved, and is said; asking again takes what is there now."""
    await two_versions(world)
    card = await ask(world)
    world.mlflow.put_files("delays", "2", {"model.pkl": b"swapped"})
    await click(world, OMAR, card, "approve")
    assert "the file model.pkl is new" in (await becomes(world, card, "is void")).text
    card = await ask(world)
    configure(world, ("at_least: 0.65", "at_least: 0.7"))
    await click(world, OMAR, card, "approve")
    assert "the gate auc at least 0.65 became at least 0.7" in (await becomes(world, card, "is void")).text
    card = await ask(world)
    configure(world, ("min_rows: 1000", "min_rows: 1000\n      approvers: [U0OMAR]"))
    await click(world, OMAR, card, "approve")
    assert "the approvers changed" in (await becomes(world, card, "is void")).text
    assert world.mlflow.count("set_alias") == 0


async def test_a_version_that_was_deleted(world: World) -> None:
    """Between request and approval: void, in words."""
    await two_versions(world)
    card = await ask(world)
    world.mlflow.delete_version("delays", "2")
    await click(world, OMAR, card, "approve")
    await becomes(world, card, "This request is void: v2 was deleted in MLflow while it waited")
    assert world.mlflow.count("set_alias") == 0


async def test_an_approver_who_left_the_group(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between click and carrying out: that approval counts no more, the request waits for another one."""
    await two_versions(world)
    card = await ask(world)
    world.mlflow.fail_with(DOWN, times=1_000, on="version")  # the click is kept while MLflow is away
    await click(world, OMAR, card, "approve")
    await newest(world, lambda found: found.state == PromotionState.APPROVED)
    leads_are(world, ADA)
    monkeypatch.setattr(bot.people, "KEPT_SECONDS", -1.0)  # as a minute later
    world.mlflow.recover()
    waits = await becomes(world, card, "Omar's approval counts no more")
    assert buttons(waits)[:2] == ["Approve", "Reject…"]
    assert world.mlflow.count("set_alias") == 0
    assert "you are not among them" in await click(world, OMAR, card, "approve")
    await click(world, ADA, card, "approve")
    done = await becomes(world, card, "✅ delays v2 is in production")
    assert "Approved by Ada" in done.text
    assert "Omar" not in done.text


async def test_who_asked_has_lost_the_right(world: World) -> None:
    """They are authorised again before the first irreversible step."""
    await two_versions(world)
    card = await ask(world)
    configure(world, ("runners: [S0DATASCI]", "runners: [U0OMAR]"))
    await click(world, OMAR, card, "approve")
    assert "may ask for a promotion" in (await becomes(world, card, "is void")).text


async def test_mlflow_is_down_when_it_is_asked(world: World) -> None:
    """The request is kept, the person is told, and it is asked once MLflow is back."""
    await two_versions(world)
    world.mlflow.fail_with(DOWN, times=8)
    await world.type(DANA, "promote delays")
    await world.told(DANA, "MLflow doesn't answer right now. I keep your request to promote delays")
    await world.card("asks to put delays v2")
    assert len(await world.station.store.promotions.of_model("delays")) == 1


async def test_mlflow_is_down_between_the_alias_and_the_tags(world: World) -> None:
    """The card says what is in production and what is pending; the tags follow, the alias is set once."""
    await two_versions(world)
    card = await ask(world)
    world.mlflow.fail_with(DOWN, times=30, on="tag_version")
    await click(world, OMAR, card, "approve")
    pending = await becomes(world, card, "Still to come: its tags in MLflow")
    assert pending.text.startswith("✅ delays v2 is in production")
    held = await world.station.store.ledger.intended("delays", "production")
    assert held is not None
    world.mlflow.recover()
    done = await becomes(world, card, "Deploying…")
    assert "Still to come" not in said(done)
    assert world.mlflow.count("set_alias") == 1
    assert await world.station.store.ledger.intended("delays", "production") is None


async def test_an_answer_of_mlflow_that_was_lost(world: World) -> None:
    """It set the alias and never said so: it is found set, and not set again."""
    await two_versions(world)
    card = await ask(world)
    world.mlflow.lose_answer_once()
    await click(world, OMAR, card, "approve")
    await settled(world, "done")
    assert world.mlflow.count("set_alias") == 1
    assert [move.after for move in await world.station.store.ledger.of_model("delays")] == ["2"]


async def test_mlflow_refuses_the_tags(world: World) -> None:
    """The alias has moved, and that stands; the card says what is missing."""
    await two_versions(world)
    card = await ask(world)
    world.mlflow.fail_with(ServiceDenied("MLflow", "no", status=403), on="tag_version")
    await click(world, OMAR, card, "approve")
    assert "Still to come" in said(await becomes(world, card, "its tags, which MLflow refuses"))
    await settled(world, "done")


async def test_somebody_moves_the_alias_at_the_same_moment(world: World) -> None:
    """Read back after the write: what somebody else did is not undone, and told; nothing is deployed."""
    await two_versions(world)
    await trained(world, "3", auc=0.7)
    card = await ask(world, "promote delays v2")
    original = world.mlflow.set_alias

    async def raced(model: str, alias: str, version: str) -> None:
        await original(model, alias, version)
        world.mlflow.move_alias(model, alias, "3")

    world.mlflow.set_alias = raced  # type: ignore[method-assign]  # the other's write comes right after ours
    await click(world, OMAR, card, "approve")
    failed = await becomes(world, card, "❌ delays v2 was not put into production")
    assert "production of delays holds v3, moved in MLflow itself at that moment" in failed.text
    assert deployment(world) is None
    assert await world.station.store.ledger.targets("delays", "production") == []


async def test_two_requests_for_one_alias(world: World) -> None:
    """Approved at the same instant: one moves, the other reads everything again and is void."""
    await two_versions(world)
    await trained(world, "3", auc=0.72)
    first = await ask(world, "promote delays v2")
    second = await ask(world, "promote delays v3")
    await asyncio.gather(
        world.slack.as_user(OMAR).click(TRAINING, first.ts, "approve"),
        world.slack.as_user(ADA).click(TRAINING, second.ts, "approve"),
    )

    async def decided() -> bool:
        promotions = await world.station.store.promotions.of_model("delays")
        return sorted(each.state for each in promotions) == ["done", "void"]

    await until(decided)
    assert world.mlflow.count("set_alias") == 1


async def test_nobody_decides_in_time(world: World) -> None:
    """Those who can decide are reminded once in the thread; then it expires, and who asked is told."""
    configure(world, ("min_rows: 1000", "min_rows: 1000\n      expires: 8 s\n      remind: 7 s"))
    await two_versions(world)
    card = await ask(world)
    expired = await becomes(world, card, "⚪ Nobody decided in time: delays v2 was not put into production")
    assert buttons(expired) == ["Ask again"]

    def replies() -> list[str] | None:
        found = [each.text for each in world.slack.replies(TRAINING, card.ts)]
        return found if len(found) == 2 else None

    reminder, end = await world.slack.wait_for(replies, 20)
    assert reminder.startswith("<!subteam^S0MLLEADS>: delays v2 still waits for a decision")
    assert end == f"<@{DANA}> nobody decided on your request to promote delays v2 in time."
    assert [row.outcome for row in await world.audit("promote")][-1] == "expired"


async def test_the_deployment_fails(world: World) -> None:
    """The card says at what, the requester is told, and the way back is offered where there is one."""
    await two_versions(world)
    first = await ask(world, "promote delays v2")
    await click(world, OMAR, first, "approve")
    await becomes(world, first, "Deploying…")
    await deployed(world)
    await becomes(world, first, "Deployed")
    await trained(world, "3", auc=0.72)
    card = await ask(world, "promote delays v3")
    await click(world, OMAR, card, "approve")
    await deployed(world, ok=False)
    failed = await becomes(world, card, "Deploying failed")
    assert "deploy_delays failed at score: ValueError: no rows" in said(failed)
    assert buttons(failed) == ["Roll back to v2"]
    await audited(world, "deployment failed")


async def test_the_deploy_dag_is_paused_or_gone(world: World) -> None:
    """A run of a paused DAG would wait for ever, so none is started; that is a failed deployment, in words."""
    world.airflow.pause("deploy_delays")
    await two_versions(world)
    card = await ask(world)
    await click(world, OMAR, card, "approve")
    failed = await becomes(world, card, "Deploying failed")
    assert "deploy_delays can't run: paused in Airflow" in said(failed)
    assert deployment(world) is None


async def test_airflow_is_down_when_it_is_deployed(world: World) -> None:
    """It waits; one run is started once Airflow is back, though its first answer was lost."""
    await two_versions(world)
    card = await ask(world)
    world.airflow.fail_with(ServiceDown("Airflow", "down"), times=3, on="start")
    await click(world, OMAR, card, "approve")
    await becomes(world, card, "Airflow doesn't answer right now. I go on when it is back.")
    await deployed(world)
    await becomes(world, card, "Deployed")
    assert {call.args[0].dag_id for call in world.airflow.calls if call.name == "start"} == {
        "train_delays",
        "deploy_delays",
    }


async def test_a_copy_for_another_environment(world: World) -> None:
    """The version is copied once, its alias and tags are set there too, and the copy is what is deployed."""
    configure(world, ("min_rows: 1000", "min_rows: 1000\n      copy_to: prod.delays"))
    await two_versions(world)
    card = await ask(world)
    world.mlflow.lose_answer_once()
    await click(world, OMAR, card, "approve")
    assert await deployed(world) == {"model": "prod.delays", "version": "1", "alias": "production"}
    done = await becomes(world, card, "Deployed")
    assert "Copied as prod.delays v1" in said(done)
    holder = await world.mlflow.holder("prod.delays", "production")
    assert holder is not None
    assert (holder.version, holder.tags["stationmaster.promoted"]) == ("1", "v2 to production")
    moves = await world.station.store.ledger.of_promotion((await settled(world, "done")).id)
    assert [(each.registered_model, each.before, each.after) for each in moves] == [
        ("delays", "1", "2"),
        ("prod.delays", None, "1"),
    ]


async def test_the_copy_is_refused(world: World) -> None:
    """The alias has moved, and the card says that not everything was done; nothing is deployed."""
    configure(world, ("min_rows: 1000", "min_rows: 1000\n      copy_to: prod/delays"))
    await two_versions(world)
    card = await ask(world)
    await click(world, OMAR, card, "approve")
    failed = await becomes(world, card, "⚠️ delays v2 is in production, but not everything was done")
    assert "the copy to prod/delays failed" in failed.text
    assert deployment(world) is None
    current = await world.station.store.ledger.current("delays", "production")
    assert current is not None
    assert current.after == "2"

"""`rollback`: an alias goes back to a version that was promoted to it, by who may, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.errors import ServiceDenied, ServiceDown
from bot.store import How, Move, Transaction
from demo.slack.messages import Message
from tests.app.conftest import ADA, DANA, DELAYS, NOOR, OMAR, TRAINING, World
from tests.app.promoting import (
    ask,
    becomes,
    button,
    buttons,
    click,
    configure,
    deployed,
    deployment,
    now,
    promotable,
    said,
    settled,
)
from tests.app.training import trained


@pytest.fixture
async def world(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Delays has gates and a DAG that deploys it."""
    promotable(world, monkeypatch)
    yield world
    world.airflow.recover()
    world.mlflow.recover()


async def promoted(world: World, version: str, auc: float) -> Message:
    """Trained by Dana, approved by Omar, deployed: the request's card."""
    await trained(world, version, auc=auc)
    card = await ask(world, f"promote delays v{version}")
    await click(world, OMAR, card, "approve")
    await deployed(world)
    return await becomes(world, card, "Deployed")


async def test_back_to_what_was_promoted_before(world: World) -> None:
    """Asked first, naming both; then the alias moves, the DAG deploys it, and ledger, tags and trail say so."""
    await promoted(world, "1", 0.7)
    second = await promoted(world, "2", 0.71)
    assert buttons(second) == ["Roll back to v1"]
    question = await world.type(OMAR, 'rollback delays --reason "late flights"')
    assert question == "Roll production of delays back from v2 to v1, and start deploy_delays?"
    asked = world.slack.ephemerals(OMAR, TRAINING)[-1]
    await world.slack.as_user(OMAR).click(TRAINING, asked.ts, button(asked, "Roll back to v1"))
    card = await world.card("⏪ delays v1 is back in production")
    assert await deployed(world) == {"model": "delays", "version": "1", "alias": "production"}
    done = await becomes(world, card, "Deployed")
    assert "Rolled back by Omar <!date^" in said(done)
    assert "from v2" in said(done)
    assert "“late flights”" in said(done)
    assert buttons(done) == []
    holder = await world.mlflow.holder("delays", "production")
    assert holder is not None
    assert holder.version == "1"
    current = await world.station.store.ledger.current("delays", "production")
    assert current is not None
    assert (current.before, current.after, current.how, current.by) == ("2", "1", How.ROLLBACK, OMAR)
    tags = world.mlflow.model_tags("delays")
    assert tags["stationmaster.rolled_back"] == f"production from v2 to v1 by Omar ({OMAR})"
    await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts), 20)
    rows = [row.outcome for row in await world.audit("rollback")]
    assert rows == ["accepted", "intended", "rolled back", "deployed"]
    assert buttons(now(world, second)) == []  # it holds production no longer


async def test_the_button_asks_in_a_dialog_and_names_both_versions(world: World) -> None:
    """A click by who may not is refused and audited; a click after production moved on changes nothing."""
    await promoted(world, "1", 0.7)
    second = await promoted(world, "2", 0.71)
    [row] = [each for each in second.blocks if each["type"] == "actions"]
    confirm = row["elements"][0]["confirm"]
    assert confirm["text"]["text"] == "production of delays goes from v2 back to v1, and what deploys it is started."
    action = button(second, "Roll back to v1")
    assert await click(world, DANA, second, action) == "Only owners and admins of delays may roll back."
    assert [row.outcome for row in await world.audit("rollback")] == ["refused"]
    await trained(world, "3", auc=0.72)
    world.mlflow.move_alias("delays", "production", "3")
    assert "production of delays is at v3 now, not at v2" in await click(world, OMAR, second, action)
    holder = await world.mlflow.holder("delays", "production")
    assert holder is not None
    assert holder.version == "3"


async def test_the_button_on_a_deployment_that_failed(world: World) -> None:
    """Is the card's only one; it rolls back and deploys, and goes from the card; a second click changes nothing."""
    await promoted(world, "1", 0.7)
    await trained(world, "2", auc=0.71)
    card = await ask(world, "promote delays v2")
    await click(world, OMAR, card, "approve")
    await deployed(world, ok=False)
    failed = await becomes(world, card, "Deploying failed")
    assert buttons(failed) == ["Roll back to v1"]
    action = button(failed, "Roll back to v1")
    actor = world.slack.as_user(OMAR)
    await asyncio.gather(*(actor.click(failed.channel, failed.ts, action) for _ in range(2)))
    back = await world.card("⏪ delays v1 is back in production")
    assert await deployed(world) == {"model": "delays", "version": "1", "alias": "production"}
    await becomes(world, back, "Deployed")
    assert buttons(now(world, failed)) == []
    assert "Deploying failed" in said(now(world, failed))
    await world.slack.wait_for(lambda: world.slack.replies(TRAINING, back.ts), 20)
    assert [row.outcome for row in await world.audit("rollback")] == ["accepted", "intended", "rolled back", "deployed"]
    moves = await world.station.store.ledger.of_model("delays")
    assert [(move.how, move.after) for move in moves] == [("promotion", "1"), ("promotion", "2"), ("rollback", "1")]


async def test_the_button_comes_again(world: World) -> None:
    """After the alias went back and forth, by the same button of the same card: a click is another rollback."""
    await promoted(world, "1", 0.7)
    second = await promoted(world, "2", 0.71)
    for made in (3, 5):
        shown = now(world, second)
        await world.slack.as_user(OMAR).click(shown.channel, shown.ts, button(shown, "Roll back to v1"))
        await world.slack.wait_for(lambda: buttons(now(world, second)) == [])
        assert await world.station.store.ledger.made("delays", "production") == made
        await world.type(OMAR, "rollback delays --to 2 --from 1 --yes")
        await world.slack.wait_for(lambda: buttons(now(world, second)) == ["Roll back to v1"])


async def test_nothing_to_go_back_to(world: World) -> None:
    """An adopted version, or one moved there in MLflow, never was approved: no target, in words."""
    await trained(world, "1", auc=0.7)
    world.mlflow.move_alias("delays", "production", "1")
    said_now = await world.type(OMAR, "rollback delays")
    assert said_now.startswith("There is nothing to roll delays back to")
    card = await promoted(world, "2", 0.71)
    assert buttons(card) == []
    assert (await world.type(OMAR, "rollback delays")).startswith("There is nothing to roll delays back to")
    assert (await world.type(OMAR, "rollback delays --to v1 --yes")).startswith("There is nothing to roll delays back")
    assert await world.audit("rollback") == []


async def test_to_a_version_by_name(world: World) -> None:
    """Any that was promoted; what is there already, or never was, is told with what could be."""
    for version, auc in (("1", 0.7), ("2", 0.71), ("3", 0.72)):
        await promoted(world, version, auc)
    assert "back from v3 to v2" in await world.type(OMAR, "rollback delays")
    assert "back from v3 to v1" in await world.type(ADA, "rollback delays --to v1")
    assert "production of delays is at v3 already" in await world.type(OMAR, "rollback delays --to 3")
    told = await world.type(OMAR, "rollback delays --to 9")
    assert told.startswith("v9 never held production through an approved promotion. These did: v2 and v1.")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda world: world.mlflow.put_files("delays", "1", {"model.pkl": b"swapped"}),
            "are not those that were approved",
        ),
        (lambda world: world.mlflow.delete_version("delays", "1"), "v1 of delays was deleted in MLflow"),
    ],
)
async def test_only_unchanged_files_are_gone_back_to(world: World, spoil: Any, words: str) -> None:
    """Files read again; a deleted version is no way back. Refused in words, audited, nothing moved."""
    await promoted(world, "1", 0.7)
    await promoted(world, "2", 0.71)
    spoil(world)
    await world.type(OMAR, "rollback delays --to 1 --from 2 --yes")
    await world.told(OMAR, words)
    holder = await world.mlflow.holder("delays", "production")
    assert holder is not None
    assert holder.version == "2"
    assert [row.outcome for row in await world.audit("rollback")] == ["accepted", "refused"]


async def test_the_config_names_who_may(world: World) -> None:
    """Instead of owners and admins."""
    configure(world, ("min_rows: 1000", "min_rows: 1000\n      rollback: [runner]"))
    await promoted(world, "1", 0.7)
    await promoted(world, "2", 0.71)
    assert await world.type(ADA, "rollback delays") == "Only runners of delays may roll back."
    assert "back from v2 to v1" in await world.type(DANA, "rollback delays")
    assert await world.type(NOOR, "rollback delays") == "Only runners of delays may roll back."


async def test_mlflow_is_down(world: World) -> None:
    """It is kept, and done once, though an answer was lost."""
    await promoted(world, "1", 0.7)
    await promoted(world, "2", 0.71)
    world.mlflow.fail_with(ServiceDown("MLflow", "down"), times=4)
    world.mlflow.lose_answer_once()
    before = world.mlflow.count("set_alias")
    await world.type(OMAR, "rollback delays --to 1 --from 2 --yes")
    await world.card("⏪ delays v1 is back in production")
    assert world.mlflow.count("set_alias") == before + 1
    moves = await world.station.store.ledger.of_model("delays")
    assert [(move.how, move.after) for move in moves] == [("promotion", "1"), ("promotion", "2"), ("rollback", "1")]


async def test_a_copy_goes_back_too(world: World) -> None:
    """Where versions are copied to another registered model, its alias goes back to that promotion's copy."""
    configure(world, ("min_rows: 1000", "min_rows: 1000\n      copy_to: prod.delays"))
    await promoted(world, "1", 0.7)
    await promoted(world, "2", 0.71)
    for version in ("1", "2"):
        world.mlflow.put_files("prod.delays", version, {"MLmodel": f"delays {version}".encode()})
    await world.type(OMAR, "rollback delays --to 1 --from 2 --yes", DELAYS)
    card = await world.card("⏪ delays v1 is back in production", DELAYS)
    assert await deployed(world) == {"model": "prod.delays", "version": "1", "alias": "production"}
    await becomes(world, card, "Deployed")
    holder = await world.mlflow.holder("prod.delays", "production")
    assert holder is not None
    assert holder.version == "1"
    assert (await settled(world, "done")).version == "2"


async def test_the_copys_alias_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one has gone back: that is said, stands in the ledger and on the cards; nothing is deployed."""
    configure(world, ("min_rows: 1000", "min_rows: 1000\n      copy_to: prod.delays"))
    await promoted(world, "1", 0.7)
    second = await promoted(world, "2", 0.71)
    for version in ("1", "2"):
        world.mlflow.put_files("prod.delays", version, {"MLmodel": f"delays {version}".encode()})
    key, set_alias = deployment(world), world.mlflow.set_alias

    async def refuse(model: str, alias: str, version: str) -> None:
        if model == "prod.delays":
            raise ServiceDenied("MLflow", "prod.delays is locked")
        await set_alias(model, alias, version)

    monkeypatch.setattr(world.station.registry, "set_alias", refuse)
    await world.type(OMAR, "rollback delays --to 1 --from 2 --yes", DELAYS)
    told = await world.told(OMAR, "delays was rolled back in part", DELAYS)
    assert "production of delays is at v1 now. Nothing was deployed." in said(told)
    assert deployment(world) == key
    current = await world.station.store.ledger.current("delays", "production")
    assert current is not None
    assert (current.after, current.how) == ("1", How.ROLLBACK)
    assert await world.station.store.ledger.intended("prod.delays", "production") is None
    assert buttons(now(world, second)) == []


async def test_a_refusal_lets_go_of_what_an_earlier_attempt_held(world: World) -> None:
    """It took hold, died before it remembered that, and was refused when begun again: the alias is free at once."""
    await promoted(world, "1", 0.7)
    await promoted(world, "2", 0.71)
    await trained(world, "3", auc=0.72)
    world.mlflow.move_alias("delays", "production", "3")
    ledger, name, alias = world.station.store.ledger, "delays", "production"
    held = Move(
        id="back:move", registered_model=name, alias=alias, before="2", after="1", how=How.ROLLBACK, job_id="back"
    )

    async def hold(tx: Transaction) -> None:
        assert await ledger.intend(held, 2, tx)

    asked = {"request_id": "back", "person": OMAR, "name": "Omar", "channel": TRAINING, "text": "rollback"}
    args = {
        "model": name,
        "registered_model": name,
        "alias": alias,
        "to": "1",
        "from": "2",
        "reason": "",
        "asked": asked,
    }
    await world.station.jobs.submit("back", "rollback", args, also=hold)
    await world.told(OMAR, "production of delays is at v3 now, not at v2")
    kept = await ledger.get("back:move")
    assert kept is not None
    assert kept.state == "abandoned"

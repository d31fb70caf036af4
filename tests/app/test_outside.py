"""Aliases that somebody moves in MLflow itself: noticed, entered in the ledger, and told once."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Collection, Mapping

import pytest

import bot.promoting.watching
from bot.domain import Version
from bot.errors import ServiceDown
from bot.promoting.watching import LOOK, Watching, soon
from bot.store import How, Move, MoveState
from tests.app.conftest import DELAYS, OMAR, World
from tests.app.promoting import buttons, click, configure

NAMES = [
    "late flights",
    "it's",
    'say "so"',
    """both ' and " """,
    "100%",
    "a.b-c_d",
    "a?b#c&d",
    "<!channel>",
    "naïve 🚂",
]


@pytest.fixture
async def watching(world: World) -> Watching:
    """It has looked once already, when nothing held anything."""
    watching = Watching(world.station)
    await watching.look()
    for number in ("1", "2", "3"):
        world.mlflow.add_version(registered(number))
    return watching


def registered(number: str, model: str = "delays") -> Version:
    return Version(model=model, version=number, run_id=f"run-{number}")


async def moves(world: World, model: str = "delays") -> list[tuple[str | None, str | None, str]]:
    """The ledger, oldest first."""
    return [(move.before, move.after, move.how) for move in await world.station.store.ledger.of_model(model)]


async def told(world: World, words: str) -> str:
    """What the model's channel reads, once it has these words."""
    return (await world.card(words, DELAYS)).text


async def silent(world: World, since: int) -> None:
    """Nothing was said after that many messages, though all work is done."""
    await asyncio.sleep(0.3)
    assert len(world.slack.messages(DELAYS)) == since


async def promoted(world: World, after: str, before: str | None = None) -> None:
    """A version got the alias through an approved promotion."""
    move = Move(
        id=f"p{after}", registered_model="delays", alias="production", before=before, after=after, how=How.PROMOTION
    )
    assert await world.station.store.ledger.add(move)
    world.mlflow.move_alias("delays", "production", after)


async def test_what_is_there_at_the_first_look_is_taken_as_it_is(world: World) -> None:
    """Nobody is told of what was so before the bot came."""
    configure(world, ("registered_model: delays", "registered_model: older"))
    await world.station.catalogue.refresh()
    world.mlflow.add_version(registered("4", "older"))
    world.mlflow.move_alias("older", "production", "4")
    watching = Watching(world.station)
    await watching.look()
    await watching.look()
    assert await moves(world, "older") == [(None, "4", "adopted")]
    await silent(world, 0)


async def test_a_move_is_told_once(world: World, watching: Watching) -> None:
    """With who knows it: nobody here. The ledger and the audit trail have it, however often one looks."""
    await promoted(world, "1")
    world.mlflow.move_alias("delays", "production", "2")
    for _ in range(3):
        await watching.look()
    assert await told(world, "production") == (
        "⚠️ production of delays moved from v1 to v2 in MLflow itself. "
        "Nobody approved this here, and nothing was deployed."
    )
    await silent(world, 1)
    assert await moves(world) == [(None, "1", "promotion"), ("1", "2", "outside")]
    [row] = [row for row in await world.audit("promote") if row.outcome == "outside"]
    assert (row.actor_name, row.subject) == ("somebody in MLflow", "delays v2")


@pytest.mark.parametrize(
    ("change", "words", "entered"),
    [
        (
            lambda mlflow: mlflow.remove_alias("delays", "production"),
            "production of delays was taken from v1 in MLflow itself, and holds nothing now",
            ("1", None),
        ),
        (
            lambda mlflow: mlflow.delete_version("delays", "1"),
            "production of delays holds nothing now: v1 was deleted in MLflow itself",
            ("1", None),
        ),
        (
            lambda mlflow: (mlflow.delete_version("delays", "1"), mlflow.move_alias("delays", "production", "3")),
            "production of delays moved from v1 (deleted) to v3 in MLflow itself",
            ("1", "3"),
        ),
    ],
)
async def test_what_happened_is_said(
    world: World, watching: Watching, change: Callable[..., object], words: str, entered: tuple[str, str | None]
) -> None:
    """Taken away, deleted, or both deleted and given to another."""
    await promoted(world, "1")
    change(world.mlflow)
    await watching.look()
    assert words in await told(world, "production")
    assert (await moves(world))[-1] == (*entered, "outside")


async def test_an_alias_that_is_given_later_is_told(world: World, watching: Watching) -> None:
    """Where nothing held it at the first look; by another process too."""
    world.mlflow.move_alias("delays", "production", "2")
    await Watching(world.station).look()
    assert "production of delays was given to v2 in MLflow itself" in await told(world, "production")
    assert await moves(world) == [(None, "2", "outside")]


async def test_back_and_forth_is_told_each_time(world: World, watching: Watching) -> None:
    """The same move a second time is another one."""
    await promoted(world, "1")
    for number in ("2", "1", "2"):
        world.mlflow.move_alias("delays", "production", number)
        await watching.look()
    assert (await moves(world))[1:] == [("1", "2", "outside"), ("2", "1", "outside"), ("1", "2", "outside")]
    await world.slack.wait_for(lambda: len(world.slack.messages(DELAYS)) == 3)


async def test_the_way_back_is_an_approved_one(world: World, watching: Watching) -> None:
    """The button goes to the version that was promoted last; one that was moved outside is never a target."""
    await promoted(world, "1")
    world.mlflow.move_alias("delays", "production", "2")
    await watching.look()
    world.mlflow.move_alias("delays", "production", "3")
    await watching.look()
    card = await world.card("from v2 to v3", DELAYS)
    assert buttons(card) == ["Roll back to v1"]
    action = next(each["elements"][0]["action_id"] for each in card.blocks if each["type"] == "actions")
    assert "Roll production of delays back from v3 to v1" in await click(world, OMAR, card, action)
    assert "v2 never held production through an approved promotion" in await world.type(OMAR, "rollback delays --to 2")


async def test_a_deleted_version_is_no_way_back(world: World, watching: Watching) -> None:
    """The one before it is."""
    await promoted(world, "1")
    await promoted(world, "2", "1")
    world.mlflow.delete_version("delays", "2")
    await watching.look()
    assert buttons(await world.card("v2 was deleted", DELAYS)) == ["Roll back to v1"]


async def test_the_bots_own_move_is_not_outside(world: World, watching: Watching) -> None:
    """From the moment that it is intended until it is done, whatever stands in MLflow meanwhile."""
    await promoted(world, "1")
    ledger, store = world.station.store.ledger, world.station.store
    await world.station.jobs.submit("kept", LOOK, {}, start_at=time.time() + 3_600)
    move = Move(
        id="p2", registered_model="delays", alias="production", before="1", after="2", how=How.PROMOTION, job_id="kept"
    )
    async with store.write() as tx:
        assert await ledger.intend(move, 1, tx)
    for number in ("1", "2"):
        world.mlflow.move_alias("delays", "production", number)
        await watching.look()
    async with store.write() as tx:
        await ledger.settle("p2", MoveState.DONE, tx)
    await watching.look()
    assert await moves(world) == [(None, "1", "promotion"), ("1", "2", "promotion")]
    await silent(world, 0)


async def test_a_look_that_grew_old_says_nothing(
    world: World, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the bot moved the alias after MLflow had answered, what it answered is past."""
    await promoted(world, "1")
    ask = world.mlflow.holders

    async def slowly(models: Collection[str]) -> Mapping[tuple[str, str], str]:
        answer = await ask(models)
        await promoted(world, "2", "1")
        return dict.fromkeys(answer, "3")

    monkeypatch.setattr(world.station.registry, "holders", slowly)
    await watching.look()
    assert await moves(world) == [(None, "1", "promotion"), ("1", "2", "promotion")]


async def test_two_replicas_tell_once(world: World, watching: Watching) -> None:
    """Both look at the same instant."""
    await promoted(world, "1")
    world.mlflow.move_alias("delays", "production", "2")
    await asyncio.gather(*(Watching(world.station).look() for _ in range(5)))
    await told(world, "from v1 to v2")
    assert (await moves(world))[1:] == [("1", "2", "outside")]
    await silent(world, 1)


@pytest.mark.parametrize("name", NAMES)
async def test_names(world: World, name: str) -> None:
    """A registered model may be called anything; the message shows it, and notifies nobody."""
    model = f"{name} {uuid.uuid4().hex[:6]}"
    quoted = model.replace("'", "''")
    configure(world, ("registered_model: delays", f"registered_model: '{quoted}'"))
    await world.station.catalogue.refresh()
    watching = Watching(world.station)
    await watching.look()
    world.mlflow.add_version(registered("1", model))
    world.mlflow.move_alias(model, "production", "1")
    await watching.look()
    assert await moves(world, model) == [(None, "1", "outside")]
    assert "production of delays was given to v1" in await told(world, "production")


async def test_the_copys_alias_counts_too(world: World) -> None:
    """Where versions are copied to another registered model, its alias is the one that serves."""
    configure(world, ("    alias: production", "    alias: production\n    promotion: {copy_to: prod.delays}"))
    await world.station.catalogue.refresh()
    watching = Watching(world.station)
    await watching.look()
    world.mlflow.add_version(registered("1", "prod.delays"))
    world.mlflow.move_alias("prod.delays", "production", "1")
    await watching.look()
    assert "production of prod.delays was given to v1" in await told(world, "production")


async def test_one_call_for_all_models(world: World, watching: Watching) -> None:
    """And one more only where something changed."""
    await promoted(world, "1")
    world.mlflow.calls.clear()
    await watching.look()
    assert [call.name for call in world.mlflow.calls] == ["holders"]


async def test_a_dead_mlflow_is_asked_again(world: World, watching: Watching) -> None:
    """The loop goes on, and notices when it answers."""
    await promoted(world, "1")
    world.mlflow.move_alias("delays", "production", "2")
    world.mlflow.fail_with(ServiceDown("MLflow", "away"), times=3, on="holders")
    loop = asyncio.create_task(Watching(world.station, every=0.05).follow())
    try:
        await told(world, "from v1 to v2")
    finally:
        loop.cancel()


async def test_the_webhook_lets_the_bot_look(world: World, watching: Watching) -> None:
    """At once, on whichever replica it calls; the same delivery a second time is no second look."""
    await promoted(world, "1")
    world.mlflow.move_alias("delays", "production", "2")
    looks = world.mlflow.count("holders")
    for _ in range(2):
        await soon(world.station, "delivery-1")
    await told(world, "from v1 to v2")
    await silent(world, 1)
    assert world.mlflow.count("holders") == looks + 1


async def test_a_look_for_the_webhook_is_tried_again(
    world: World, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where MLflow calls, and then doesn't answer."""
    monkeypatch.setattr(bot.promoting.watching, "ASK_AGAIN", 0.05)
    await promoted(world, "1")
    world.mlflow.move_alias("delays", "production", "2")
    world.mlflow.fail_with(ServiceDown("MLflow", "away"), times=2, on="holders")
    await soon(world.station, "delivery-1")
    await told(world, "from v1 to v2")


async def test_a_deleted_version_that_was_in_production_is_told(world: World, watching: Watching) -> None:
    """Once, however often it is missed; it was a version to roll back to."""
    await promoted(world, "1")
    await promoted(world, "2", "1")
    world.mlflow.delete_version("delays", "1")
    for _ in range(2):
        await watching.count()
    assert await told(world, "deleted") == (
        "⚠️ v1 of delays, which held production before, was deleted in MLflow itself. "
        "Nothing can be rolled back to it any more."
    )
    await silent(world, 1)
    assert [row.outcome for row in await world.audit("promote")] == ["deleted outside"]


async def test_a_deleted_champion_is_told_once(world: World, watching: Watching) -> None:
    """As what holds the alias no longer, and not a second time as a version that held it before."""
    await promoted(world, "1")
    world.mlflow.delete_version("delays", "1")
    await watching.look()
    await watching.count()
    assert "v1 was deleted" in await told(world, "deleted")
    await silent(world, 1)

"""`compare MODEL V1 V2` on a whole bot: what differs, side by side."""

from __future__ import annotations

from bot.domain import Dataset
from bot.errors import ServiceDown
from tests.app.conftest import DANA, OMAR, VERA, World
from tests.app.training import HOLDOUT, change, trained


async def two_versions(world: World) -> None:
    """v1, in production, and v2, which is better at one metric and worse at another."""
    await trained(world, "1", auc=0.671, log_loss=0.331, recall=0.2)
    world.mlflow.move_alias("delays", "production", "1")
    await trained(
        world, "2", OMAR, "run delays learning_rate=0.1 --compute two-cores", auc=0.712, log_loss=0.35, recall=0.2
    )
    await change(world, "run-1", params={"learning_rate": "0.05", "max_iter": "200"})
    await change(world, "run-2", params={"learning_rate": "0.1", "max_iter": "200"})


def rows(world: World, person: str) -> list[list[str]]:
    """The table that this person was shown last."""
    (table,) = [block for block in world.slack.ephemerals(person, "C0TRAINING")[-1].blocks if block["type"] == "table"]
    return [[cell["text"] for cell in row] for row in table["rows"]]


async def test_only_what_differs_is_shown_and_the_rest_counted(world: World) -> None:
    """Metrics in the configuration's order with their verdicts, then parameters, machine and people."""
    await two_versions(world)
    said = await world.type(VERA, "compare delays v1 v2")
    assert said.splitlines()[0] == "delays: v2 beside v1, better on 1 of 2 metrics"
    assert "auc ↑: 0.671, then 0.712 (+0.041 better)" in said
    found = rows(world, VERA)
    assert found[:4] == [
        ["–", "v1 (production)", "v2"],
        ["auc ↑", "0.671", "0.712 (+0.041 better)"],
        ["log_loss ↓", "0.331", "0.350 (+0.019 ▼ worse)"],
        ["learning_rate", "0.05", "0.1"],
    ]
    labels = [row[0] for row in found]
    assert {"machine", "trained by"} <= set(labels)
    assert not {"recall", "max_iter", "commit", "evaluation data"} & set(labels)
    assert "equal: 1 metric, 1 parameter, the evaluation data, the commit" in world.blocks(VERA)


async def test_versions_are_named_by_alias_and_latest(world: World) -> None:
    """Without any, the champion and the newest."""
    await two_versions(world)
    for text in ("compare delays", "compare delays @production latest", "compare delays 1 2", "compare delays v1"):
        assert (await world.type(VERA, text)).startswith("delays: v2 beside v1")
    assert "are the same version of delays, v1" in await world.type(VERA, "compare delays @production v1")
    assert "I don't know the version “v9” of delays" in await world.type(VERA, "compare delays v9")


async def test_other_evaluation_data_is_said_to_be_not_comparable(world: World) -> None:
    """The numbers stand side by side, and none is called better."""
    await two_versions(world)
    other = Dataset(name="holdout", digest="91bc", context="evaluation", rows=12_000)
    await change(world, "run-2", datasets=(other,))
    said = await world.type(VERA, "compare delays v1 v2")
    assert "better" not in said
    assert "not comparable: the metrics are not from the same evaluation data" in world.blocks(VERA)
    assert ["evaluation data", "holdout (7f3a, 84,000 rows)", "holdout (91bc, 12,000 rows)"] in rows(world, VERA)


async def test_a_champion_that_was_scored_again_is_compared_with_by_that(world: World) -> None:
    """Its metrics on the candidate's data stand in place of its own, whichever is named first."""
    await two_versions(world)
    mine = {"auc": 0.712, "champion.auc": 0.65}
    tags = {"stationmaster.champion_version": "1"}
    await change(world, "run-2", metrics=mine, tags=tags, datasets=(HOLDOUT.model_copy(update={"digest": "new"}),))
    await world.type(VERA, "compare delays v1 v2")
    assert ["auc ↑", "0.650", "0.712 (+0.062 better)"] in rows(world, VERA)
    await world.type(VERA, "compare delays v2 v1")
    assert ["auc ↑", "0.712", "0.650 (−0.062 ▼ worse)"] in rows(world, VERA)


async def test_a_finished_card_has_the_button(world: World) -> None:
    """It names the versions of that moment, so that it means the same next year."""
    await two_versions(world)
    card = await world.card("better than production")
    values = [each.get("value") for block in card.blocks for each in block.get("elements", [])]
    assert "compare delays v1 v2" in values
    name = next(
        each["action_id"]
        for block in card.blocks
        for each in block.get("elements", [])
        if each.get("value") == "compare delays v1 v2"
    )
    await world.slack.as_user(VERA).click(card.channel, card.ts, name)
    await world.told(VERA, "delays: v2 beside v1", card.channel)


async def test_a_version_whose_run_is_gone_is_compared_as_far_as_it_goes(world: World) -> None:
    """What nobody knows is a dash, and said."""
    await two_versions(world)
    world.mlflow.delete_training("run-1")
    await world.type(VERA, "compare delays v1 v2")
    assert ["auc ↑", "–", "0.712"] in rows(world, VERA)
    assert "v1: unknown origin, its MLflow run is not there" in world.blocks(VERA)


async def test_without_airflow_what_is_on_record_is_compared(world: World) -> None:
    """The metrics are MLflow's, and who trained it is in the store."""
    await two_versions(world)
    world.airflow.fail_with(ServiceDown("Airflow"), times=10, on="run")
    await world.type(VERA, "compare delays v1 v2")
    assert ["trained by", "Dana", "Omar"] in rows(world, VERA)
    assert "v2: unknown origin, Airflow doesn't answer right now" in world.blocks(VERA)


async def test_without_mlflow_there_is_nothing_to_compare(world: World) -> None:
    """And it is said in a sentence."""
    await two_versions(world)
    world.mlflow.fail_with(ServiceDown("MLflow"), times=10, on="training")
    assert "MLflow doesn't answer right now." in await world.type(DANA, "compare delays v1 v2")

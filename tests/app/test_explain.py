"""`explain` and `history` on a whole bot: who trained what, who put it where, and what nobody knows."""

from __future__ import annotations

import math
from typing import Any

import pytest

from bot.domain import Dataset, RunKey, TaskState, Version
from bot.errors import ServiceDown
from bot.store import How, Move, MoveState
from tests.app.conftest import DANA, NOOR, OMAR, VERA, World
from tests.app.promoting import (
    ask,
    becomes,
    click,
    deployed,
    promotable,
    reject,
    settled,
    two_versions,
)
from tests.app.training import HOLDOUT, change, trained


async def moved(world: World, number: int, before: str | None, after: str | None, how: How, **more: Any) -> None:
    """A move of the alias that is in the ledger, and in MLflow."""
    move = Move(
        id=f"move-{number}", registered_model="delays", alias="production", before=before, after=after, how=how,
        state=MoveState.DONE, **more,
    )  # fmt: skip
    await world.station.store.ledger.add(move)
    if after:
        world.mlflow.move_alias("delays", "production", after)


def shown(world: World, person: str) -> str:
    """The text of what this person was shown last."""
    return world.slack.ephemerals(person, "C0TRAINING")[-1].text


def chart(world: World, person: str) -> dict[str, Any]:
    """The chart that this person was shown last."""
    blocks = world.slack.ephemerals(person, "C0TRAINING")[-1].blocks
    (found,) = [block for block in blocks if block["type"] == "data_visualization"]
    return dict(found)


async def test_a_version_is_explained_from_the_record(world: World) -> None:
    """Who, when, why, from which commit, data and values, on which machine, at what cost; and that nobody approved."""
    await trained(
        world, "1", DANA, 'run delays learning_rate=0.1 --compute one-core --reason "weather fixed" --yes', auc=0.712
    )
    said = await world.type(VERA, "explain delays")
    assert said.splitlines()[0] == "delays v1 holds no alias: trained by Dana"
    for part in (
        "*Trained*  Dana started the run that made it",
        "“weather fixed”",
        "*Origin*  known: Airflow confirms that",
        "commit 4be1c02f0a3d",
        "trained on unknown data; scored on holdout (7f3a, 84,000 rows)",
        "learning_rate 0.1 (default 0.05)",
        "on one-core, took ",
        "\N{NO-BREAK SPACE}s, cost ",
        "auc 0.712",
        "Nobody asked me to promote it",
    ):
        assert part in said, said


async def test_without_a_version_the_champion_is_meant(world: World) -> None:
    """Which holds the model's alias; behind the @ another one can be named, in any of the ways."""
    await trained(world, "1", auc=0.7)
    await trained(world, "2", auc=0.7)
    world.mlflow.move_alias("delays", "production", "1")
    for text, version in (
        ("delays", "v1"), ("delays@production", "v1"), ("delays@v2", "v2"), ("delays@2", "v2"),
        ("delays@latest", "v2"), ("delays v2", "v2"), ("delays @production", "v1"),
    ):  # fmt: skip
        assert (await world.type(VERA, f"explain {text}")).startswith(f"delays {version} "), text
    assert "I don't know the version “@prodution” of delays. Did you mean @production?" in await world.type(
        VERA, "explain delays@prodution"
    )
    assert "I don't know the model “delay”. Did you mean delays?" in await world.type(VERA, "explain delay@v1")


async def test_what_nobody_knows_is_said(world: World) -> None:
    """A version whose MLflow run is gone, and one from Airflow's own page."""
    world.mlflow.add_version(Version(model="delays", version="1"))
    said = await world.type(VERA, "explain delays")
    assert said.startswith("delays v1 holds no alias: trained by nobody I know")
    for part in (
        "by nobody on my record",
        "⚠️ unknown: its MLflow run is not there",
        "its MLflow run names no commit",
        "trained on unknown data; scored on unknown data",
        "unknown: neither Airflow nor MLflow has any",
        "on a machine that nobody named, took nobody knows how long, at a cost that is not on record",
        "unknown: none are logged",
    ):
        assert part in said, said
    key = RunKey("train_delays", "manual__1")
    await world.station.orchestrator.start(key, {})
    world.airflow.set_task(key, "train", TaskState.RUNNING)
    world.trained(key, "2")
    assert "⚠️ unknown: its run was not started through me; it claims to come from" in await world.type(
        VERA, "explain delays@latest"
    )


async def test_moves_are_told_by_the_ledger_not_by_tags(world: World) -> None:
    """Approved, rolled back or moved behind the bot's back: each as it was."""
    await trained(world, "1", auc=0.7)
    await trained(world, "2", auc=0.71)
    await world.station.registry.tag_version("delays", "2", {"stationmaster.approved_by": "Vera"})
    await moved(world, 1, None, "1", How.ADOPTED)
    await moved(world, 2, "1", "2", How.OUTSIDE)
    await moved(world, 3, "2", "1", How.ROLLBACK, by=OMAR, by_name="Omar", reason="it was worse")
    said = await world.type(NOOR, "explain delays@v2")
    assert "Vera" not in said
    assert "production: v1 → v2 · moved in MLflow itself: nobody approved it through me" in said
    assert "production: v2 → v1 · rolled back by Omar: “it was worse”" in said
    assert "so it was when I first looked" not in said  # that was v1's
    assert "so it was when I first looked" in await world.type(NOOR, "explain delays@v1")


async def test_who_approved_it_and_why_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the votes on record: of what was approved, of what was rejected, and of what waits."""
    promotable(world, monkeypatch)
    await two_versions(world)
    card = await ask(world, 'promote delays v2 --reason "too soon"')
    await reject(world, OMAR, card, "not <!here> on a Friday")
    await settled(world, "rejected")
    said = await world.type(VERA, "explain delays@v2")
    assert "production: asked for by Dana" in said
    assert "“too soon”, rejected by Omar: “not &lt;!here&gt; on a Friday”" in said
    card = await ask(world, 'promote delays v2 --reason "rain fixed"')
    assert ": “rain fixed”, waits for an approval" in await world.type(VERA, "explain delays@v2")
    await world.slack.as_user(NOOR).shortcut("explain_run", channel=card.channel, ts=card.ts)
    await world.told(NOOR, "delays v2 holds no alias: trained by Dana", card.channel)
    await click(world, OMAR, card, "approve")
    await becomes(world, card, "Deploying…")
    await deployed(world)
    await settled(world, "done")
    said = await world.type(NOOR, "explain delays")
    assert said.startswith("delays v2 is in production: trained by Dana, approved by Omar\n")
    assert "production: v1 → v2 · approved by Omar, asked by Dana: “rain fixed”" in said
    assert "my ledger does not" not in world.blocks(NOOR)
    assert "v1 → v2 · approved by Omar, asked by Dana" in await world.type(NOOR, "history delays")
    assert "v1 → v2 · approved by Omar, asked by Dana" in await world.type(NOOR, "explain delays@v1")


async def test_an_alias_that_the_ledger_does_not_know_is_pointed_out(world: World) -> None:
    """MLflow says that it holds one; nobody approved that."""
    await trained(world, "1", auc=0.7)
    world.mlflow.move_alias("delays", "production", "1")
    assert "is in production: trained by Dana, approved by nobody on my record" in await world.type(
        VERA, "explain delays"
    )
    assert "MLflow has it in production, and my ledger does not" in world.blocks(VERA)


async def test_names_and_reasons_are_no_markup(world: World) -> None:
    """A reason can't notify a channel, and MLflow's texts can't either."""
    await trained(world, "1", DANA, 'run delays --reason "<!channel> & co" --yes', auc=0.7)
    hostile = Dataset(name="<!here>", digest="x", context="training")
    await change(world, "run-1", datasets=(hostile,), tags={"mlflow.source.git.commit": "<@U0VERA>"})
    said = await world.type(VERA, "explain delays")
    for live in ("<!channel>", "<!here>", "<@U0VERA>"):
        assert live not in said
        assert live not in world.blocks(VERA)


async def test_an_explanation_without_airflow_tells_what_is_on_record(world: World) -> None:
    """Who trained it is in the store; that nobody confirms it now is said."""
    await trained(world, "1", auc=0.7)
    world.airflow.fail_with(ServiceDown("Airflow"), times=10, on="run")
    said = await world.type(VERA, "explain delays")
    assert "trained by Dana" in said
    assert "⚠️ unknown: Airflow doesn't answer right now" in said


# ---- the shortcut in a message's menu --------------------------------------------------------------------------


async def test_a_finished_card_is_explained_from_its_menu(world: World) -> None:
    """To the person alone; a reply below the card will do."""
    await trained(world, "1", auc=0.7)
    card = await world.card("delays v1 is ready")
    (reply,) = await world.slack.wait_for(lambda: world.slack.replies(card.channel, card.ts))
    for person, message in ((VERA, card), (OMAR, reply)):
        await world.slack.as_user(person).shortcut("explain_run", channel=message.channel, ts=message.ts)
        said = await world.told(person, "v1 holds no alias", card.channel)
        assert said.text.startswith("delays v1 holds no alias: trained by Dana")


async def test_a_run_without_a_version_is_shown(world: World) -> None:
    """While it goes on there is nothing to explain but the run."""
    await world.type(DANA, "run delays --yes")
    card, _ = await world.followed_run()
    await world.slack.as_user(VERA).shortcut("explain_run", channel=card.channel, ts=card.ts)
    await world.told(VERA, "delays waits for its turn")


async def test_another_message_is_no_run(world: World) -> None:
    """And it is said how to go on."""
    said = await world.slack.as_user(DANA).say("C0TRAINING", "hello")
    await world.slack.as_user(VERA).shortcut("explain_run", channel=said.channel, ts=said.ts)
    await world.told(VERA, "This message is no run's card.")


async def test_a_stranger_learns_nothing_of_a_card(world: World) -> None:
    """Not even whose it is."""
    await trained(world, "1", auc=0.7)
    card = await world.card("delays v1 is ready")
    world.config.write_text("access: {viewers: [U0VERA]}\nmodels: {delays: {dag: train_delays}}\n", encoding="utf-8")
    await world.slack.as_user(NOOR).shortcut("explain_run", channel=card.channel, ts=card.ts)
    await world.told(NOOR, "I don't know you here")


# ---- history ------------------------------------------------------------------------------------------------------


async def registered(world: World, values: list[float], **more: Any) -> None:
    """Versions from 1 on with these values of auc."""
    template = world.trained(RunKey("train_delays", "manual__0"), "0")
    world.mlflow.delete_version("delays", "0")
    for number, value in enumerate(values, 1):
        run = {"run_id": f"run-{number}", "metrics": {"auc": value, "log_loss": 0.3}, "datasets": (HOLDOUT,)} | more
        world.mlflow.add_training(template.model_copy(update=run))
        world.mlflow.add_version(Version(model="delays", version=str(number), run_id=f"run-{number}"))


async def test_a_metrics_course_is_drawn(world: World) -> None:
    """A point for each version, oldest first; those that held the alias are marked; the text has it all."""
    await registered(world, [0.65, 0.68, 0.671])
    await moved(world, 1, None, "1", How.ADOPTED)
    await moved(world, 2, "1", "3", How.OUTSIDE)
    said = await world.type(VERA, "history delays")
    assert said.splitlines()[:2] == [
        "delays: production is v3 with auc 0.671; the best of 3 versions is v2 with 0.680",
        "★ v1 0.650 · v2 0.680 · ★ v3 0.671",
    ]
    assert "production: v1 → v3 · moved in MLflow itself" in said
    drawn = chart(world, VERA)
    assert drawn["title"] == "auc of delays"
    assert drawn["chart"]["axis_config"] == {
        "categories": ["★ v1", "v2", "★ v3"], "x_label": "version", "y_label": "auc",
    }  # fmt: skip
    (line,) = drawn["chart"]["series"]
    assert [point["value"] for point in line["data"]] == [0.65, 0.68, 0.671]


async def test_another_metric_is_a_click_away(world: World) -> None:
    """And typed, it is found whatever its case; the best is the lowest where lower is better."""
    await registered(world, [0.65, 0.68])
    await world.type(VERA, "model delays")
    assert '"value": "history delays"' in world.blocks(VERA)
    await world.type(VERA, "history delays")
    seen = await world.told(VERA, "v1 0.650 · v2 0.680")
    await world.slack.as_user(VERA).click("C0TRAINING", seen.ts, "say:1")
    await world.told(VERA, "v1 0.300")
    assert "the best of 2 versions is v1 with 0.300" in await world.type(VERA, "history delays LOG_LOSS")
    assert "I don't know the metric “acu” of delays. Did you mean auc?" in await world.type(VERA, "history delays acu")


async def test_the_last_twenty_are_drawn(world: World) -> None:
    """Slack takes no more points; the rest is counted."""
    await registered(world, [0.6 + number / 1_000 for number in range(30)])
    await world.type(VERA, "history delays")
    assert [point["label"] for point in chart(world, VERA)["chart"]["series"][0]["data"]] == [
        f"v{number}" for number in range(11, 31)
    ]
    assert "the last 20 of 30 versions" in world.blocks(VERA)


async def test_versions_without_a_number_are_counted_not_drawn(world: World) -> None:
    """NaN is no point; other evaluation data is pointed out."""
    await registered(world, [0.65, math.nan, math.inf, 0.7])
    await change(world, "run-4", datasets=(Dataset(name="other", digest="91bc", context="evaluation"),))
    await world.type(VERA, "history delays")
    assert [point["label"] for point in chart(world, VERA)["chart"]["series"][0]["data"]] == ["v1", "v4"]
    assert "2 versions without auc" in world.blocks(VERA)
    assert "not all scored on the same evaluation data" in world.blocks(VERA)


async def test_a_model_without_metrics_has_a_history_of_moves(world: World) -> None:
    """Then there is nothing to draw."""
    world.mlflow.add_version(Version(model="delays", version="1"))
    said = await world.type(VERA, "history delays")
    assert said.startswith("delays: nothing is in production")
    assert "Nobody has promoted a version through me yet." in said
    assert "data_visualization" not in world.blocks(VERA)
    assert "No version of delays has a metric" in await world.type(VERA, "history delays auc")


async def test_a_model_without_versions_is_said_to_have_none(world: World) -> None:
    """And how the first comes to be."""
    for text in ("history delays", "explain delays", "compare delays"):
        assert "delays has no versions yet" in await world.type(DANA, text)

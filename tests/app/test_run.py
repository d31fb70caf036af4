"""`run`, from the typed words to the finished card."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain import TaskState
from tests.app.conftest import ADA, DANA, DELAYS, GENERAL, TRAINING, World


async def test_a_run_is_started_with_typed_values_and_gets_one_card(world: World) -> None:
    """`run MODEL key=value` starts one run in Airflow with JSON types, and posts one card in the channel."""
    assert await world.type(DANA, "run delays learning_rate=0.1 balanced=yes —reason “more rain”") == ""
    card = await world.card("delays")
    conf = world.started()[0]
    assert (conf["learning_rate"], conf["balanced"]) == (0.1, True)
    assert (conf["stationmaster"]["person"], conf["stationmaster"]["reason"]) == (DANA, "more rain")
    assert "waits for its turn" in card.text
    assert [block["type"] for block in card.blocks] == ["section", "plan", "context", "actions"]
    notes = str(card.blocks[2])
    assert "learning_rate 0.1 (default 0.05)" in notes
    assert "max_iter" not in notes  # as by default
    assert "more rain" in notes


async def test_the_card_follows_the_run_to_its_result(world: World) -> None:
    """Tasks tick, then the metrics stand there, and the requester is mentioned once, in the card's thread."""
    await world.type(DANA, "run delays learning_rate=0.1")
    card, key = await world.followed_run()
    world.airflow.set_task(key, "take_features", TaskState.SUCCESS, summary="336,776 rows")
    world.airflow.set_task(key, "train", TaskState.RUNNING)
    await world.tracker.tick()
    running = await world.card("is training")
    assert running.ts == card.ts
    plan = next(block for block in running.blocks if block["type"] == "plan")
    assert [task["status"] for task in plan["tasks"]] == ["complete", "pending", "in_progress", "pending", "pending"]
    assert plan["tasks"][0]["title"].startswith("take features · 336,776 rows · ")
    world.trained(key, "1", auc=0.712, log_loss=0.318)
    world.airflow.finish(key)
    await world.tracker.tick()
    done = await world.card("is ready")
    assert done.ts == card.ts
    assert "first version: nothing to compare with yet" in str(done.blocks)
    replies = await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))
    await world.tracker.tick()
    assert [reply.text for reply in replies] == ["<@U0DANA> your run of delays is ready: v1."]


async def test_the_result_stands_beside_the_champions(world: World) -> None:
    """With a champion re-scored on the same holdout, the headline counts the metrics that got better."""
    await world.type(DANA, "run delays --yes")
    key = await world.run_key()
    await world.followed_run()
    champion = world.trained(key, "1", auc=0.671, log_loss=0.331)
    world.mlflow.add_training(champion.model_copy(update={"tags": {}}))
    world.mlflow.move_alias("delays", "production", "1")
    world.airflow.set_task(key, "train", TaskState.RUNNING)
    candidate = world.trained(key, "2", auc=0.712, log_loss=0.34)
    rescored = candidate.metrics | {"champion.auc": 0.67, "champion.log_loss": 0.33}
    tags = candidate.tags | {"stationmaster.champion_version": "1"}
    world.mlflow.add_training(candidate.model_copy(update={"metrics": rescored, "tags": tags}))
    world.airflow.finish(key)
    await world.tracker.tick()
    done = await world.card("is ready")
    assert "delays v2 is ready: better than production on 1 of 2 metrics" in done.text
    table = next(block for block in done.blocks if block["type"] == "table")
    rows = [[cell["text"] for cell in row] for row in table["rows"]]
    assert rows[0] == ["metric", "v2", "production (v1)", "change"]
    assert rows[1] == ["auc ↑", "0.712", "0.670", "+0.042"]
    assert rows[2] == ["log_loss ↓", "0.340", "0.330", "+0.010 ▼"]
    assert "unverified" not in str(done.blocks)


async def test_an_mlflow_run_that_airflow_does_not_confirm_is_shown_as_unverified(world: World) -> None:
    """Tags are a claim: a run that names a task which never ran is not passed off as lineage."""
    await world.type(DANA, "run delays --yes")
    key = await world.run_key()
    await world.followed_run()
    training = world.trained(key, "1")
    world.mlflow.add_training(
        training.model_copy(update={"tags": training.tags | {"airflow.task_id": "someone_elses_task"}})
    )
    world.airflow.finish(key)
    await world.tracker.tick()
    assert "unverified" in str((await world.card("is ready")).blocks)


async def test_a_failed_run_names_its_task_and_the_first_line_of_the_error(world: World) -> None:
    """The kind of the error and its first line are on the card; what never ran is not blamed."""
    await world.type(DANA, "run delays --yes")
    card, key = await world.followed_run()
    world.airflow.set_task(key, "take_features", TaskState.SUCCESS)
    world.airflow.set_task(key, "validate_features", TaskState.FAILED, failure="ValueError: 3 of 14 checks failed")
    world.airflow.finish(key, ok=False)
    await world.tracker.tick()
    failed = await world.card("failed")
    assert failed.text == "❌ delays failed at validate features: ValueError: 3 of 14 checks failed"
    assert "nothing was registered" in str(failed.blocks)
    replies = await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))
    assert "failed at validate features" in replies[0].text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("run delay", "Did you mean delays?"),
        ("run", "I miss the MODEL"),
        ("run delays learning_rate=5", "learning_rate=5 is too large: delays takes 0.001 to 1 (default 0.05)."),
        ("run delays learning_rate=fast", "is not a number"),
        ("run delays max_iter=2.5", "is not a whole number"),
        ("run delays learnin_rate=0.1", "Did you mean learning_rate?"),
        ("run delays balanced=", "is not true or false"),
        ("run delays learning_rate=0.1 learning_rate=0.2", "given twice"),
        ('run delays months="1-9', "never closed"),
        ("run delays months=" + "9" * 3_000, "too long"),
        ("run delays " + "x" * 5_000, "I read at most"),
        ("run delays extra", "I don't know what to do with"),
        ("run delays --computer big", "I don't know the option"),
        ("rn delays", "Did you mean run?"),
        ("run 😀", "I don't know the model"),
        ("run \u202edelays", "I don't know the model"),
        ("run <!channel>", "I don't know the model"),
        ("learning_rate=0.1 run delays", "A command comes first"),
    ],
)
async def test_what_cannot_be_is_refused_in_words_before_anything_starts(world: World, typed: str, said: str) -> None:
    """A refusal is for the person alone, says what is allowed, and nothing reaches Airflow."""
    assert said in await world.type(DANA, typed)
    assert world.airflow.count("start") == 0
    assert not any("<!channel>" in str(each.blocks) for each in world.slack.ephemerals(DANA, TRAINING))


async def test_a_paused_dag_is_not_started_and_the_reason_is_told(world: World) -> None:
    """A run of a paused DAG would stay queued for ever, so it is refused."""
    world.airflow.pause("train_delays")
    await world.station.catalogue.refresh()
    assert "delays can't be trained now: paused in Airflow." in await world.type(DANA, "run delays --yes")
    assert world.airflow.count("start") == 0


async def test_a_dag_that_changed_since_it_was_kept_is_held_against_the_request_again(world: World) -> None:
    """Between the kept catalogue and the start the DAG may be paused: then nothing starts, and the person is told."""
    world.airflow.pause("train_delays")
    await world.type(DANA, "run delays --yes")
    told = await world.told(DANA, "paused in Airflow")
    assert "Nothing was started" in told.text
    assert world.airflow.count("start") == 0
    assert [row.outcome for row in await world.audit("run")] == ["accepted", "refused"]


async def test_the_same_delivery_twice_is_one_run(world: World) -> None:
    """A form submitted twice in impatience is one run."""
    await world.type(DANA, "run delays")
    [form] = world.slack.as_user(DANA).modals
    await asyncio.gather(*(world.slack.as_user(DANA).submit(form["id"], {}) for _ in range(3)), return_exceptions=True)
    await world.card("delays")
    assert world.airflow.count("start") == 1
    assert len(world.slack.messages(TRAINING)) == 1


async def test_two_commands_are_two_runs(world: World) -> None:
    """The same words typed twice are meant twice."""
    await world.type(DANA, "run delays --yes")
    await world.type(DANA, "run delays --yes")
    await world.slack.wait_for(lambda: len(world.slack.messages(TRAINING)) == 2)
    assert len({call.args[0] for call in world.airflow.calls if call.name == "start"}) == 2


async def test_where_the_bot_is_no_member_the_card_goes_to_the_models_channel(world: World) -> None:
    """And the person is told where to look."""
    await world.type(DANA, "run delays --yes", GENERAL)
    assert "delays" in (await world.card("delays", DELAYS)).text
    assert "the run's card is in <#C0DELAYS>" in (await world.told(DANA, "card is in", GENERAL)).text


async def test_a_model_without_an_entry_can_be_run_by_admins_only(world: World) -> None:
    """Another person is told how it gets opened to them."""
    world.config.write_text("access: {viewers: [everyone], runners: [U0DANA], admins: [U0ADA]}\n", encoding="utf-8")
    refused = await world.type(DANA, "run train_delays --yes")
    assert "admins" in refused
    assert "no entry in my configuration" in refused
    assert await world.type(ADA, "run train_delays --yes") == ""
    await world.card("train_delays")

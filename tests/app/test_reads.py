"""The commands that only read: shown to the person alone, shareable, honest about what they don't know."""

from __future__ import annotations

from functools import partial

import pytest

from bot.domain import TaskState
from bot.errors import ServiceDown
from tests.app.conftest import ADA, AUDREY, DANA, GUS, NOOR, OMAR, TRAINING, VERA, World
from tests.until import until


async def test_the_launcher_says_what_one_can_do(world: World) -> None:
    """`/train` alone: two lines and buttons, by the person's own rights."""
    assert "You can run 1 model and read 1." in await world.type(DANA, "")
    assert "You can run 0 models and read 1." in await world.type(VERA, "")


async def test_help_shows_only_what_the_person_may_do(world: World) -> None:
    """A viewer's help has no `run`; a runner's has, with an example that can be typed."""
    assert "/train run delays" in await world.type(DANA, "help")
    assert "/train run delays" not in await world.type(VERA, "help")
    assert "/train run MODEL [key=value …] [--ask] [--at …] [--compute …] [--reason …] [--ref …]" in world.blocks(
        DANA, await world.type(DANA, "help run")
    )


async def test_models_lists_the_catalogue_with_reasons(world: World) -> None:
    """A model that can't be trained is listed with the reason; words narrow the list."""
    world.config.write_text(
        world.config.read_text(encoding="utf-8") + "  claims: {description: Fraudulent claims}\n", encoding="utf-8"
    )
    assert "claims, delays" in await world.type(DANA, "models")
    assert "no DAG claims has the tag stationmaster" in world.blocks(DANA)
    assert "claims" not in await world.type(DANA, "models late flight")
    assert "No model about" in await world.type(DANA, "models zebra")


async def test_a_model_whose_file_cannot_be_imported_is_listed_with_the_error(world: World) -> None:
    """A DAG whose file was never imported is unknown to Airflow; the import error is the likely reason."""
    with world.config.open("a", encoding="utf-8") as config:
        config.write("  claims: {}\n")
    world.airflow.break_file("other.py", "SyntaxError: invalid syntax")
    world.airflow.break_file("train_claims.py", "ModuleNotFoundError: No module named 'torch'")
    await world.station.catalogue.refresh()
    await world.type(DANA, "models claims")
    assert "train_claims.py can't be imported (ModuleNotFoundError: No module named 'torch')" in world.blocks(DANA)


async def test_a_models_page_has_its_parameters_versions_and_runs(world: World) -> None:
    """Bounds, versions with metrics and whether Airflow confirms their lineage, and the last runs."""
    await world.type(DANA, "run delays --yes")
    await world.card("delays")
    key = await world.run_key()
    world.airflow.set_task(key, "train", TaskState.RUNNING)
    world.trained(key, "1", auc=0.7)
    world.mlflow.move_alias("delays", "production", "1")
    await world.type(VERA, "model delays")
    page = world.blocks(VERA)
    assert "0.001 to 1 (default 0.05)" in page
    assert "v1 (production)" in page
    assert "✓ Airflow" in page
    assert "owned by Omar" in page


async def test_a_page_without_mlflow_says_so_and_shows_the_rest(world: World) -> None:
    """One service that is away costs its own part only."""
    world.mlflow.fail_with(ServiceDown("MLflow"), times=10, on="versions")
    await world.type(DANA, "model delays")
    page = world.blocks(DANA)
    assert "MLflow doesn't answer right now." in page
    assert "learning_rate" in page


async def test_status_tells_what_runs_and_what_ran(world: World) -> None:
    """The run that goes on stands first; a run is opened by its button."""
    assert "Nothing runs now" in await world.type(DANA, "status")
    await world.type(DANA, "run delays --yes")
    await world.card("delays")
    key = await world.run_key()
    assert "1 run of delays now" in await world.type(DANA, "status delays")
    shown = world.slack.ephemerals(DANA, TRAINING)[-1]
    await world.slack.as_user(DANA).click(TRAINING, shown.ts, "say:running:1")
    assert "waits for its turn" in (await world.told(DANA, "delays waits")).text
    world.airflow.finish(key)
    assert "Nothing of delays runs now" in await world.type(DANA, "status delays")
    assert "has finished" in await world.type(DANA, f"status {key.run_id[-6:]}")


async def test_status_without_airflow_is_told_from_memory_with_its_age(world: World) -> None:
    """What is known is shown, with when it was known."""
    await world.type(DANA, "run delays --yes")
    await world.followed_card()
    world.airflow.fail_with(ServiceDown("Airflow"), times=10, on="recent_runs")
    assert "1 run now" in await world.type(DANA, "status")
    assert "Airflow doesn't answer right now. This is what I knew" in world.blocks(DANA)


@pytest.mark.parametrize("person", [NOOR, GUS])
async def test_strangers_and_guests_get_one_polite_sentence(world: World, person: str) -> None:
    """No role, no answer: not even the names of models."""
    world.config.write_text("access: {viewers: [U0VERA]}\nmodels: {delays: {dag: train_delays}}\n", encoding="utf-8")
    for text in ("", "models", "run delays", "model delays", "status", "help"):
        assert "I don't know you here" in await world.type(person, text)
    assert "delays" not in world.blocks(person)
    assert {row.outcome for row in await world.audit("read")} == {"refused"}


@pytest.mark.parametrize(("person", "may"), [(DANA, True), (OMAR, True), (ADA, True), (VERA, False), (AUDREY, False)])
async def test_only_runners_owners_and_admins_start_runs(world: World, person: str, may: bool) -> None:
    """The matrix, at the door; a refusal is in the audit trail."""
    said = await world.type(person, "run delays --yes")
    assert (said == "") is may
    if not may:
        assert "may start runs" in said
        assert [row.outcome for row in await world.audit("run")] == ["refused"]


async def test_an_answer_can_be_shown_to_everyone(world: World) -> None:
    """Share posts the same answer in the channel, saying whose it is."""
    await world.type(DANA, "models")
    shown = world.slack.ephemerals(DANA, TRAINING)[-1]
    await world.slack.as_user(DANA).click(TRAINING, shown.ts, "share")
    assert (await world.card("Dana shared")).text.endswith("1 model: delays")


async def test_what_is_shared_while_an_answer_is_unreadable_is_shared_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that answers nonsense may answer sense in a moment: nobody is told that it can't be."""
    monkeypatch.setattr("bot.conversation.dispatch.SHARE_AGAIN", 0.1)
    await world.type(DANA, "models")
    shown = world.slack.ephemerals(DANA, TRAINING)[-1]
    world.slack.faults.cut("chat.postMessage")
    await world.slack.as_user(DANA).click(TRAINING, shown.ts, "share")
    await world.card("Dana shared")
    await until(partial(_done, world, "share"))
    assert len(world.slack.messages(TRAINING)) == 1
    assert len(world.slack.ephemerals(DANA, TRAINING)) == 1


async def _done(world: World, kind: str) -> bool:
    return any(each.kind == kind and each.state == "done" for each in await world.station.jobs.list(limit=10))


async def test_an_answer_that_takes_long_comes_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack is acknowledged in time, and the answer follows to the person alone."""
    monkeypatch.setattr("bot.conversation.dispatch.ACKNOWLEDGE_WITHIN", 0.0)
    await world.type(DANA, "models")
    await world.told(DANA, "1 model")


async def test_a_mistake_of_the_bots_own_gives_an_id_that_the_log_has(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person never sees a traceback."""

    async def broken() -> None:
        raise RuntimeError("internal detail")

    monkeypatch.setattr(world.station.catalogue.__class__, "models", lambda _: broken())
    said = await world.type(DANA, "models")
    assert "Tell an admin this id" in said
    assert "internal detail" not in said

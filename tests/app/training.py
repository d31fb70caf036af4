"""What happens before anything can be promoted: a run through the bot, from the command to the registered version."""

from __future__ import annotations

from typing import Any

from bot.domain import Dataset, RunKey, RunState, TaskState, Training
from tests.app.conftest import DANA, World

COMMIT = "4be1c02f0a3d5c6b7a8990a1b2c3d4e5f6071829"
HOLDOUT = Dataset(name="holdout", digest="7f3a", context="evaluation", rows=84_000)


async def trained(
    world: World, version: str, person: str = DANA, text: str = "run delays --yes", **metrics: float
) -> RunKey:
    """A version of delays that this person has trained by the command."""
    known = len(world.started())
    await world.type(person, text)
    await world.slack.wait_for(lambda: len(world.started()) > known)
    key = await world.run_key()
    await world.has_card(key)
    world.airflow.set_task(key, "train", TaskState.RUNNING)
    training = world.trained(key, version, **metrics)
    tags = training.tags | {"mlflow.source.git.commit": COMMIT}
    world.mlflow.add_training(training.model_copy(update={"datasets": (HOLDOUT,), "tags": tags}))
    world.airflow.finish(key)
    await world.tracker.tick()
    await world.ended(key, RunState.SUCCESS)
    return key


async def training(world: World, run_id: str) -> Training:
    """What MLflow has of a run."""
    found = await world.mlflow.training(run_id)
    assert found is not None
    return found


async def change(world: World, run_id: str, /, **changes: Any) -> None:
    """Let somebody change what MLflow has of a run; another `run_id` makes another of it."""
    world.mlflow.add_training((await training(world, run_id)).model_copy(update=changes))

"""What tests of schedules do all the time."""

from __future__ import annotations

from bot.scheduling.spec import ScheduleSpec
from demo.slack.messages import Message
from tests.app.conftest import DANA, TRAINING, World
from tests.until import until

EVERY = "every monday at 06:00"


async def click(world: World, person: str, message: Message, label: str) -> None:
    """Click the message's button that is called so."""
    found = [
        (block.get("block_id"), each["action_id"])
        for block in message.blocks
        for each in [*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else [])]
        if each.get("type") == "button" and each["text"]["text"] == label
    ]
    assert found, f"no button {label} in {message.text}"
    block_id, action_id = found[0]
    await world.slack.as_user(person).click(message.channel, message.ts, action_id, block_id=block_id)


def shown(world: World, person: str = DANA, channel: str = TRAINING) -> Message:
    """What only this person saw last."""
    return world.slack.ephemerals(person, channel)[-1]


async def made(world: World, text: str = f"schedule delays {EVERY} months=1-6", person: str = DANA) -> ScheduleSpec:
    """A schedule, asked for and confirmed; once Airflow has it, and the channel knows."""
    before = {each.id for each in await world.station.store.schedules.all()}
    await world.type(person, text)
    await click(world, person, shown(world, person), "Create schedule")

    async def announced() -> ScheduleSpec | None:
        kept = [each for each in await world.station.store.schedules.all() if each.id not in before and each.card_ts]
        return ScheduleSpec.model_validate(kept[0].spec) if kept else None

    return await until(announced)

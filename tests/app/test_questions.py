"""Tasks that wait for a person, in the whole bot: shown below the card, answered by who may, told to Airflow once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain import Assignee, Parameter, Question, RunKey, RunState
from bot.errors import ServiceDown
from bot.following.tracker import Tracker
from bot.questions import responding, waiting
from demo.slack.messages import Message
from tests.app.conftest import ADA, DANA, GUS, OMAR, TRAINING, VERA, World
from tests.until import until

TASK = "validate_model"


@pytest.fixture
async def world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """What waits is shown, and what is away asked again, at once."""
    monkeypatch.setattr(waiting, "SETTLES", 0.0)
    monkeypatch.setattr(responding, "ASK_AGAIN", 0.1)
    monkeypatch.setattr(waiting, "ASK_AGAIN", 0.1)
    return world


def question(key: RunKey, **more: Any) -> Question:
    """One that was asked ten seconds ago."""
    given = {"options": ("Approve", "Reject"), "created": datetime.now(UTC) - timedelta(seconds=10)} | more
    return Question(
        dag_id=key.dag_id,
        run_id=key.run_id,
        task_id=TASK,
        title="validate model",
        subject="Use <the> model?",
        body="It is better & worse.",
        **given,
    )


async def asked(world: World, **more: Any) -> tuple[Message, Message, Question]:
    """A started run's card, the question below it, and the question itself."""
    await world.type(DANA, "run delays --yes")
    card, key = await world.followed_run()
    wanted = question(key, **more)
    world.airflow.ask(wanted)
    await world.tracker.tick()
    replies = await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))
    await stands(world)
    return card, replies[-1], wanted


async def stands(world: World) -> None:
    """Returns once the store knows where the question's message is."""

    async def look() -> bool:
        found = await world.station.store.questions.open()
        return bool(found and found[0].ts)

    await until(look)


async def now_says(world: World, card: Message, words: str) -> Message:
    """The reply below the card that has these words, once it has them."""
    return await world.slack.wait_for(
        lambda: next((each for each in world.slack.replies(TRAINING, card.ts) if words in each.text), None)
    )


def labels(message: Message) -> list[str]:
    return [element["text"]["text"] for element in message.blocks[-1]["elements"]]


def given(world: World) -> list[tuple[Any, ...]]:
    """The answers that Airflow was given: chosen options and values."""
    return [call.args[1:] for call in world.airflow.calls if call.name == "answer"]


async def click(world: World, person: str, message: Message, label: str) -> None:
    button = next(each for each in message.blocks[-1]["elements"] if each["text"]["text"] == label)
    await world.slack.as_user(person).click(TRAINING, message.ts, button["action_id"])


async def test_a_question_shows_its_options_to_the_owner_and_the_answer_goes_back(world: World) -> None:
    """Below the card, with a mention of who may answer; afterwards it says who did, without buttons; it is audited."""
    card, reply, wanted = await asked(world)
    assert reply.text == "✋ Use &lt;the&gt; model?: <@U0OMAR>, what shall it be?"
    assert "It is better &amp; worse." in json.dumps(reply.blocks)
    assert labels(reply) == ["Approve", "Reject", "Open in Airflow"]
    await click(world, OMAR, reply, "Reject")
    done = await now_says(world, card, "Omar answered: Reject")
    assert labels(done) == ["Open in Airflow"]
    assert given(world) == [(("Reject",), {})]
    rows = await world.audit("respond")
    assert [(row.outcome, row.actor, row.model, row.subject) for row in rows] == [
        ("accepted", OMAR, None, wanted.run_id),
        ("answered", OMAR, "delays", wanted.run_id),
    ]
    await world.tracker.tick()
    assert len(world.slack.replies(TRAINING, card.ts)) == 1


async def test_a_question_is_not_shown_in_its_first_seconds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since its task was first seen to wait, whenever it began to ask: it may have told others before it waited."""
    monkeypatch.setattr(waiting, "SETTLES", 5.0)
    clock = {"now": 1_000.0}
    monkeypatch.setattr(waiting, "uptime", lambda: clock["now"])
    await world.type(DANA, "run delays --yes")
    card, key = await world.followed_run()
    world.airflow.ask(question(key))
    for clock["now"] in (1_000.0, 1_004.0):
        await world.tracker.tick()
        assert [job for job in await world.station.jobs.list() if job.kind.startswith("question")] == []
    assert world.slack.replies(TRAINING, card.ts) == []
    clock["now"] = 1_006.0
    await world.tracker.tick()
    await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))


@pytest.mark.parametrize("person", [DANA, ADA, VERA, GUS])
async def test_nobody_else_may_answer(world: World, person: str) -> None:
    """Neither who started the run, nor an admin, nor a viewer, nor a guest; the refusal is audited."""
    _, reply, _ = await asked(world)
    await click(world, person, reply, "Approve")
    told = await world.slack.wait_for(lambda: world.slack.ephemerals(person, TRAINING))
    assert "Only Omar may answer this." in told[-1].text or "I don't know you here" in told[-1].text
    assert given(world) == []
    assert "refused" in [row.outcome for row in await world.station.store.audit.after()]


async def test_assigned_people_answer_and_owners_do_not(world: World) -> None:
    """Those of Airflow whom the configuration knows as people of Slack."""
    world.airflow.account = "omar"  # the bot's own account has to be among them
    text = world.config.read_text(encoding="utf-8") + "airflow_users: {vera@example.com: U0VERA}\n"
    world.config.write_text(text, encoding="utf-8")
    card, reply, _ = await asked(world, assigned=(Assignee("omar", "The bot"), Assignee("17", "vera@example.com")))
    assert "<@U0VERA>, what shall it be?" in reply.text
    await click(world, OMAR, reply, "Approve")
    assert "Only Vera may answer this." in (await world.told(OMAR, "may answer")).text
    await click(world, VERA, reply, "Approve")
    await now_says(world, card, "Vera answered: Approve")


async def test_where_nobody_here_is_known_there_is_a_link(world: World) -> None:
    """It says for whom it is."""
    _, reply, _ = await asked(world, assigned=(Assignee("1", "Nina"),))
    assert "It is for Nina of Airflow, whom I don't know here: answer it in Airflow." in reply.text
    assert labels(reply) == ["Open in Airflow"]


async def test_the_first_answer_counts(world: World) -> None:
    """One given in Airflow itself wins over a later click, which is told whose it was; the message is put right."""
    card, reply, wanted = await asked(world)
    world.airflow.answer_elsewhere(wanted.key, "nina", "Approve")
    await click(world, OMAR, reply, "Reject")
    told = await world.told(OMAR, "already answered")
    assert told.text.startswith("This is already answered. nina (in Airflow) answered: Approve")
    done = await now_says(world, card, "nina (in Airflow) answered: Approve")
    assert labels(done) == ["Open in Airflow"]


async def test_an_answer_given_in_airflow_puts_the_message_right(world: World) -> None:
    """Without anybody's click; also when a restart lies between."""
    card, _, wanted = await asked(world)
    world.airflow.answer_elsewhere(wanted.key, "nina", "Reject")
    await Tracker(world.station).tick()
    await now_says(world, card, "nina (in Airflow) answered: Reject")
    assert [row.outcome for row in await world.audit("respond")] == []


async def test_what_is_asked_no_longer_says_so(world: World) -> None:
    """The run was stopped while its task waited."""
    card, reply, wanted = await asked(world)
    key = RunKey(wanted.dag_id, wanted.run_id)
    world.airflow.finish(key, ok=False)
    await world.tracker.tick()
    await world.ended(key, RunState.FAILED)
    await world.tracker.tick()
    done = await now_says(world, card, "This is no longer asked.")
    assert labels(done) == ["Open in Airflow"]
    assert reply.ts == done.ts


async def test_a_lost_answer_is_given_once(world: World) -> None:
    """Where Airflow took it and couldn't say so, the second attempt sees that, and doesn't blame somebody else."""
    card, reply, _ = await asked(world)
    world.airflow.lose_answer_once()
    await click(world, OMAR, reply, "Approve")
    await now_says(world, card, "Omar answered: Approve")
    assert len(given(world)) == 1
    assert [row.outcome for row in await world.audit("respond")] == ["accepted", "answered"]


async def test_while_airflow_is_away_the_answer_is_kept(world: World) -> None:
    """And the person told so; nobody else's answer comes before it."""
    card, reply, _ = await asked(world)
    world.airflow.fail_with(ServiceDown("Airflow"), times=99, on="answer")
    await click(world, OMAR, reply, "Approve")
    await world.told(OMAR, "I keep your answer")
    world.airflow.recover()
    await now_says(world, card, "Omar answered: Approve")


async def test_what_airflow_refuses_leaves_the_question_open(world: World) -> None:
    """The bot's account is not among the assigned; the buttons stay, and work again."""
    text = world.config.read_text(encoding="utf-8") + "airflow_users: {omar: U0OMAR}\n"
    world.config.write_text(text, encoding="utf-8")
    card, reply, _ = await asked(world, assigned=(Assignee("omar", "Omar"),))
    before = json.dumps(reply.blocks)
    await click(world, OMAR, reply, "Approve")
    told = await world.told(OMAR, "Airflow doesn't let me answer")
    assert "Answer it in Airflow." in told.text
    world.airflow.account = "omar"
    fresh = await world.slack.wait_for(lambda: _changed(world, card, before))
    await click(world, OMAR, fresh, "Approve")
    await now_says(world, card, "Omar answered: Approve")
    assert [row.outcome for row in await world.audit("respond")] == ["accepted", "refused", "accepted", "answered"]


def _changed(world: World, card: Message, before: str) -> Message | None:
    return next((each for each in world.slack.replies(TRAINING, card.ts) if json.dumps(each.blocks) != before), None)


Inputs = dict[str, dict[str, Any]]
VALUES = (
    Parameter(name="threshold", rule={"type": "number", "minimum": 0, "maximum": 1}, default=0.5),
    Parameter(name="note", rule={"type": ["null", "string"], "maxLength": 5}),
)


async def test_several_choices_and_values_are_asked_in_a_form(world: World) -> None:
    """With JSON types; a wrong value is refused at its field, and Airflow hears nothing of it."""
    card, reply, _ = await asked(world, options=("auc", "log_loss"), multiple=True, parameters=VALUES)
    assert labels(reply) == ["Answer…", "Open in Airflow"]
    await click(world, OMAR, reply, "Answer…")
    (view,) = world.slack.as_user(OMAR).modals
    options, threshold, note = [block for block in view["blocks"] if block["type"] == "input"]
    both = [option["value"] for option in options["element"]["options"]]

    def filled(words: str | None) -> Inputs:
        values = ((options, both), (threshold, "0.75"), (note, words))
        return {block["block_id"]: {block["element"]["action_id"]: value} for block, value in values}

    wrong = await world.slack.as_user(OMAR).submit(view["id"], filled("too long"))
    assert list(wrong.errors or {}) == [note["block_id"]]
    assert given(world) == []
    assert (await world.slack.as_user(OMAR).submit(view["id"], filled(None))).errors is None
    done = await now_says(world, card, "Omar answered: auc, log_loss, threshold 0.75")
    assert labels(done) == ["Open in Airflow"]
    assert given(world) == [(("auc", "log_loss"), {"threshold": 0.75, "note": None})]

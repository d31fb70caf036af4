"""`logs`, `cancel`, `retry` and `clone`: typed, and clicked on a run's card."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain import Run, RunKey, RunState, TaskState
from bot.errors import ServiceDown
from bot.jobs import JobRow
from bot.store import AuditRow, FollowedRun
from demo.slack.messages import Message
from tests.app.conftest import ADA, AUDREY, DANA, GUS, NOOR, OMAR, TRAINING, World
from tests.until import until

FAILURE = "ValueError: 3 of 14 checks failed"


async def running(world: World, person: str = DANA, words: str = "run delays learning_rate=0.1") -> RunKey:
    """A run that this person has started, in its second task, with its card."""
    before = world.airflow.count("start")
    await world.type(person, words)
    await world.slack.wait_for(lambda: world.airflow.count("start") > before)
    key = await world.run_key()
    await world.has_card(key)
    world.airflow.set_task(key, "take_features", TaskState.SUCCESS)
    world.airflow.set_task(key, "validate_features", TaskState.RUNNING)
    await world.tracker.tick()
    await world.card("is training")
    return key


async def failed(world: World) -> RunKey:
    """A run of Dana's whose second task has failed, and that has said so."""
    key = await running(world)
    world.airflow.set_task(key, "validate_features", TaskState.FAILED, failure=FAILURE)
    world.airflow.write_log(key, "validate_features", f"looking at 14 checks\npassword=hunter2\n{FAILURE}")
    world.airflow.finish(key, ok=False)
    await world.tracker.tick()
    await world.ended(key, RunState.FAILED)
    return key


def buttons(card: Message) -> dict[str, dict[str, Any]]:
    """A card's buttons by their labels."""
    return {
        element["text"]["text"]: element
        for block in card.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }


async def click(world: World, person: str, label: str, having: str = "delays") -> None:
    """Click this button of the newest card."""
    card = await world.card(having)
    await world.slack.as_user(person).click(TRAINING, card.ts, buttons(card)[label]["action_id"])


async def shown(world: World, person: str, words: str) -> str:
    """Everything of what this person alone was shown with these words."""
    return json.dumps((await world.told(person, words)).blocks, ensure_ascii=False)


async def audited(world: World, action: str, outcome: str) -> AuditRow:
    """The audit trail's row of this action with this outcome, once it is there."""

    async def look() -> AuditRow | None:
        return next((row for row in await world.audit(action) if row.outcome == outcome), None)

    return await until(look)


# ---- cancel -------------------------------------------------------------------------------------------------------


async def test_the_cancel_button_stops_the_run_after_a_question(world: World) -> None:
    """Slack asks first; then Airflow is told once, the card says by whom, and who did it isn't mentioned for it."""
    key = await running(world)
    card = await world.card("is training")
    confirm = buttons(card)["Cancel"]["confirm"]
    assert (confirm["title"]["text"], confirm["style"]) == ("Cancel the run?", "danger")
    await click(world, DANA, "Cancel")
    done = await world.card("was cancelled by Dana")
    assert done.ts == card.ts
    await world.ended(key, RunState.FAILED)
    assert world.airflow.count("stop") == 1
    assert list(buttons(done)) == ["Retry", "Clone", "Show log", "Open in Airflow"]
    assert world.slack.replies(TRAINING, card.ts) == []
    row = await audited(world, "cancel", "cancelled")
    assert (row.actor, row.model, row.subject) == (DANA, "delays", key.run_id)


async def test_who_asked_for_a_run_hears_that_another_cancelled_it(world: World) -> None:
    """The owner may cancel anyone's run; its requester is mentioned in the card's thread."""
    await running(world)
    card = await world.card("is training")
    await click(world, OMAR, "Cancel")
    await world.card("was cancelled by Omar")
    replies = await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts))
    assert [reply.text for reply in replies] == ["<@U0DANA> your run of delays was cancelled by Omar."]


async def test_a_typed_cancel_asks_first(world: World) -> None:
    """Without `--yes` there is a question with a button, and until that is clicked nothing happens."""
    key = await running(world)
    question = await world.type(DANA, f"cancel {key.run_id[-8:]}")
    assert question.startswith("Cancel the run of delays, started")
    assert world.airflow.count("stop") == 0
    asked = world.slack.ephemerals(DANA, TRAINING)[-1]
    await world.slack.as_user(DANA).click(TRAINING, asked.ts, "settle:1")
    await world.card("was cancelled by Dana")
    assert world.airflow.count("stop") == 1
    answer = await world.told(DANA, "On it: cancel the run.")
    assert (answer.ts, buttons(answer)) == (asked.ts, {})


async def test_a_second_cancel_says_who_was_first(world: World) -> None:
    """Typed as well, and however soon: nothing more is stopped."""
    key = await running(world)
    await click(world, DANA, "Cancel")
    await world.card("was cancelled by Dana")
    await world.type(OMAR, f"cancel {key.run_id} --yes")
    assert "was already cancelled by Dana" in (await world.told(OMAR, "already cancelled")).text
    await world.ended(key, RunState.FAILED)
    assert "has already ended" in await world.type(OMAR, f"cancel {key.run_id}")
    assert world.airflow.count("stop") == 1


async def test_impatient_clicks_cancel_once(world: World) -> None:
    """The second click of one button is told that the first was taken."""
    await running(world)
    await asyncio.gather(*(click(world, DANA, "Cancel") for _ in range(3)))
    await world.told(DANA, "already under way")
    await world.card("was cancelled")
    assert world.airflow.count("stop") == 1


@pytest.mark.parametrize("person", [NOOR, AUDREY, GUS])
@pytest.mark.parametrize("words", ["cancel {} --yes", "retry {}", "logs {}", "clone {} --yes"])
async def test_strangers_and_readers_steer_nothing(world: World, person: str, words: str) -> None:
    """Refused before anything is asked of Airflow, and audited; reading alone is no right to logs."""
    key = await running(world)
    calls = world.airflow.count("stop") + world.airflow.count("retry") + world.airflow.count("log")
    starts = world.airflow.count("start")
    assert await world.type(person, words.format(key.run_id)) != ""
    assert world.airflow.count("stop") + world.airflow.count("retry") + world.airflow.count("log") == calls
    assert world.airflow.count("start") == starts
    assert any(row.outcome == "refused" and row.actor == person for row in await world.station.store.audit.after())


async def test_a_runner_steers_own_runs_only(world: World) -> None:
    """Dana may cancel what she started, and not what Omar did; the refusal says whose business it is."""
    key = await running(world, OMAR, "run delays --yes")
    assert "what is your own" in await world.type(DANA, f"cancel {key.run_id} --yes")
    assert "what is your own" in await world.type(DANA, f"logs {key.run_id}")
    refusal = (await audited(world, "steer", "refused")).subject
    assert refusal == key.run_id
    assert (await world.airflow.run(key)).state is RunState.RUNNING  # type: ignore[union-attr]


async def test_a_right_that_is_lost_before_the_work_is_done_counts(world: World) -> None:
    """What was accepted is authorised again before anything is changed."""
    key = await running(world)
    world.airflow.fail_with(ServiceDown("Airflow", "away", retry_after=0.2), on="run")
    await world.type(DANA, f"cancel {key.run_id} --yes")
    world.config.write_text("access: {viewers: [everyone]}\nmodels: {delays: {dag: train_delays}}\n", encoding="utf-8")
    row = await audited(world, "cancel", "refused")
    assert "Only" in row.detail["why"] or "may" in row.detail["why"]  # type: ignore[index]
    assert world.airflow.count("stop") == 0


async def test_a_cancel_is_kept_while_airflow_is_away(world: World) -> None:
    """The person is told once, and it is done when Airflow is back."""
    key = await running(world)
    world.airflow.fail_with(ServiceDown("Airflow", "away", retry_after=0.1), times=3, on="stop")
    await click(world, DANA, "Cancel")
    assert "I keep trying to cancel the run of delays" in (await world.told(DANA, "I keep trying")).text
    await world.card("was cancelled by Dana")
    assert (await world.airflow.run(key)).state is RunState.FAILED  # type: ignore[union-attr]


async def test_a_lost_answer_of_a_cancel_is_still_a_cancel(world: World) -> None:
    """Airflow did it, and could not say so: the next attempt finds the run over, and whose doing it is stays known."""
    await running(world)
    world.airflow.lose_answer_once()
    await click(world, DANA, "Cancel")
    await world.told(DANA, "I keep trying")
    await world.card("was cancelled by Dana")


# ---- a button that comes too late ---------------------------------------------------------------------------------


async def test_cancel_of_a_run_that_is_over_says_so_and_puts_the_card_right(world: World) -> None:
    """The run ended before the tracker saw it: nothing is stopped, and the card shows the end at once."""
    key = await running(world)
    world.trained(key)
    world.airflow.finish(key)
    await click(world, DANA, "Cancel")
    assert "has already finished" in (await world.told(DANA, "already finished")).text
    await world.card("is ready")
    assert world.airflow.count("stop") == 0
    assert (await audited(world, "cancel", "refused")).subject == key.run_id


async def test_a_run_that_was_deleted_is_said_to_be(world: World) -> None:
    """And its card loses its buttons."""
    key = await running(world)
    world.airflow.delete_run(key)
    await click(world, DANA, "Cancel")
    assert "was deleted in Airflow" in (await world.told(DANA, "was deleted")).text
    assert list(buttons(await world.card("was deleted in Airflow"))) == ["Open in Airflow"]


async def test_retry_of_a_run_that_goes_on_again_is_refused(world: World) -> None:
    """Someone else was quicker, on Airflow's page: nothing is cleared, and the card shows the run going on."""
    key = await failed(world)
    await world.airflow.retry(key)
    retries = world.airflow.count("retry")
    await click(world, DANA, "Retry")
    assert "is going on already" in (await world.told(DANA, "going on already")).text
    await world.card("waits for its turn")
    assert world.airflow.count("retry") == retries
    assert await world.station.store.audit.actors("delays", key.run_id) == {DANA}


# ---- retry --------------------------------------------------------------------------------------------------------


async def test_retry_goes_on_from_the_failed_task(world: World) -> None:
    """The same card follows the run again, to its new end; who retried is on the card and in the audit trail."""
    key = await failed(world)
    card = await world.card("failed")
    assert list(buttons(card)) == ["Retry", "Clone", "Show log", "Open in Airflow"]
    await click(world, OMAR, "Retry")
    again = await world.card("waits for its turn")
    assert again.ts == card.ts
    assert "retried by Omar" in str(again.blocks)
    tasks = {task.task_id: task.state for task in (await world.airflow.tasks([key]))[key]}
    assert (tasks["take_features"], tasks["validate_features"]) == (TaskState.SUCCESS, TaskState.PENDING)
    row = await audited(world, "retry", "retried")
    assert (row.actor, row.subject) == (OMAR, key.run_id)
    assert await world.station.store.audit.actors("delays", key.run_id) == {DANA, OMAR}
    world.trained(key)
    world.airflow.finish(key)
    await world.tracker.tick()
    await world.ended(key, RunState.SUCCESS)
    assert (await world.card("is ready")).ts == card.ts
    replies = await world.slack.wait_for(lambda: world.slack.replies(TRAINING, card.ts)[1:])
    assert [reply.text for reply in replies] == ["<@U0DANA> your run of delays is ready: v1."]


async def test_a_second_retry_is_another_one(world: World) -> None:
    """The same button of the same card, after the run has failed again, is no double click."""
    key = await failed(world)
    await click(world, DANA, "Retry")
    await world.card("waits for its turn")
    world.airflow.set_task(key, "validate_features", TaskState.FAILED, failure=FAILURE)
    world.airflow.finish(key, ok=False)
    await world.tracker.tick()
    await world.ended(key, RunState.FAILED)
    await click(world, DANA, "Retry", having="failed")
    await world.card("waits for its turn")
    assert world.airflow.count("retry") == 2


async def test_a_lost_answer_of_a_retry_clears_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow did it, and could not say so: the run is not cleared again, and is followed."""
    monkeypatch.setattr("bot.following.steering.ASK_AGAIN", 0.1)
    key = await failed(world)
    world.airflow.lose_answer_once()
    await click(world, DANA, "Retry")
    await world.told(DANA, "I keep trying")
    await audited(world, "retry", "retried")
    await world.card("waits for its turn")
    assert world.airflow.count("retry") == 1
    assert (await world.station.store.runs.get(key)).ended is None  # type: ignore[union-attr]


async def test_a_cancelled_run_can_be_retried_and_then_is_not_cancelled_any_more(world: World) -> None:
    """What the cancel skipped runs too; a failure after it is a failure."""
    key = await running(world)
    await click(world, DANA, "Cancel")
    await world.card("was cancelled")
    await world.ended(key, RunState.FAILED)
    await click(world, DANA, "Retry")
    await world.card("waits for its turn")
    world.airflow.set_task(key, "validate_features", TaskState.FAILED, failure=FAILURE)
    world.airflow.finish(key, ok=False)
    await world.tracker.tick()
    assert "failed at validate features" in (await world.card("failed")).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("retry nothing_called_so", "I don't know the run"),
        ("cancel", "I miss the RUN"),
        ("retry", "I miss the RUN"),
        ("logs 😀", "I don't know the run"),
        ("clone <!channel>", "I don't know the run"),
        ("cancel a/b/c --yes", "I don't know the run"),
    ],
)
async def test_a_run_that_is_not_there_is_refused_in_words(world: World, typed: str, said: str) -> None:
    """By name, without asking anything of Airflow but its last runs."""
    assert said in await world.type(DANA, typed)


async def test_a_model_in_a_run_s_place_is_told_with_its_last_run(world: World) -> None:
    """Which one to stop is the person's to say."""
    assert "delays is a model." in await world.type(DANA, "cancel delays --yes")
    key = await running(world)
    assert f"delays is a model: its last run is {key.run_id}." in await world.type(DANA, "cancel Delays --yes")
    assert world.airflow.count("stop") == 0


async def test_retry_of_a_paused_pipeline_is_refused(world: World) -> None:
    """Its tasks would wait for ever."""
    key = await failed(world)
    world.airflow.pause("train_delays")
    await world.station.catalogue.refresh()
    assert "paused in Airflow" in await world.type(DANA, f"retry {key.run_id}")
    assert world.airflow.count("retry") == 0


async def test_two_runs_with_the_same_id_are_told_apart(world: World) -> None:
    """Airflow's own ids repeat from DAG to DAG; then the DAG's name goes before it."""
    world.airflow.add_dag((await world.airflow.pipeline("train_delays")).model_copy(update={"dag_id": "train_fares"}))
    await world.station.catalogue.refresh()
    for dag_id in ("train_delays", "train_fares"):
        world.airflow.add_run(Run(dag_id=dag_id, run_id="scheduled__2026-11-21", state=RunState.RUNNING))
    assert "2 runs are called" in await world.type(ADA, "cancel scheduled__2026-11-21 --yes")
    await world.type(ADA, "cancel train_fares/scheduled__2026-11-21 --yes")
    await world.told(ADA, "was cancelled")
    states = [run.state for run in await world.airflow.recent_runs(["train_delays", "train_fares"], 5)]
    assert sorted(states) == [RunState.FAILED, RunState.RUNNING]


# ---- logs ---------------------------------------------------------------------------------------------------------


async def test_logs_shows_the_end_of_what_failed_to_the_asking_person_alone(world: World) -> None:
    """The failed task's last lines, newest last, in a block of their own, masked; nothing in the channel."""
    key = await failed(world)
    posted = len(world.slack.messages(TRAINING))
    await click(world, DANA, "Show log")
    seen = await shown(world, DANA, "validate features")
    assert "looking at 14 checks\\npassword=•••\\nValueError: 3 of 14 checks failed" in seen
    assert "rich_text_preformatted" in seen
    assert "hunter2" not in seen
    assert "Share" not in seen
    assert len(world.slack.messages(TRAINING)) == posted
    assert await world.type(DANA, f"logs {key.run_id} validate_features") != ""


async def test_a_log_cannot_become_markup_or_leave_its_block(world: World) -> None:
    """Backticks, mentions and tags in a log are shown as they are."""
    key = await running(world)
    world.airflow.write_log(key, "validate_features", "``` <!channel> *bold* &amp;")
    await world.type(DANA, f"logs {key.run_id}")
    block = next(block for block in world.slack.ephemerals(DANA, TRAINING)[-1].blocks if block["type"] == "rich_text")
    assert block["elements"][0]["elements"] == [{"type": "text", "text": "``` <!channel> *bold* &amp;"}]


async def test_a_long_log_is_cut_to_its_end(world: World) -> None:
    """The last lines that fit, and how many they are."""
    key = await running(world)
    world.airflow.write_log(key, "validate_features", "\n".join(f"line {number}" for number in range(5_000)))
    text = await world.type(DANA, f"logs {key.run_id}")
    assert "the last 40 lines" in text
    assert "line 4999" in text
    assert "line 4000" not in text


async def test_the_whole_log_comes_as_a_file_in_a_direct_message(world: World) -> None:
    """All of its lines, to whoever asked, in a conversation that nobody else sees; once, whatever is clicked."""
    key = await running(world)
    world.airflow.write_log(key, "validate_features", "\n".join(f"line {number}" for number in range(5_000)))
    await click(world, DANA, "Logs")
    log = await world.told(DANA, "the last 40 lines")
    whole = buttons(log)["Whole log as a file"]["action_id"]
    await asyncio.gather(*(world.slack.as_user(DANA).click(TRAINING, log.ts, whole) for _ in range(2)))
    await world.told(DANA, "The whole log is in our direct messages")
    calls = [call for call in world.slack.calls if call.method == "files.completeUploadExternal"]
    assert len(calls) == 1
    direct = str(calls[0].arguments["channel_id"])
    assert direct.startswith("D")
    file = next(each for message in world.slack.messages(direct) for each in message.files)
    content = (world.slack.backend.files.read(file["id"]) or b"").decode()
    assert content.splitlines() == [f"line {number}" for number in range(5_000)]
    assert file["name"] == f"train_delays-validate_features-{key.run_id[-8:]}-try1.log"
    assert (await audited(world, "logs", "accepted")).subject == key.run_id


async def test_each_try_has_its_log(world: World) -> None:
    """The last by default, an earlier one by number or button, and no other."""
    key = await failed(world)
    await world.type(DANA, f"retry {key.run_id}")
    await world.card("waits for its turn")
    world.airflow.set_task(key, "validate_features", TaskState.RUNNING)
    world.airflow.write_log(key, "validate_features", "again")
    assert "try 2 of 2: the whole log\nagain" in await world.type(DANA, f"logs {key.run_id}")
    assert "looking at 14 checks" in await world.type(DANA, f"logs {key.run_id} --try 1")
    assert "Try 1" in await shown(world, DANA, "try 2 of 2")
    for wrong in ("3", "0", "-1", "x", "9" * 50):
        assert "--try takes 1 to 2" in await world.type(DANA, f"logs {key.run_id} --try={wrong}")


async def test_a_task_is_named_by_id_or_title(world: World) -> None:
    """One that hasn't run has no log; an unknown one gets the nearest."""
    key = await running(world)
    world.airflow.write_log(key, "take_features", "336,776 rows")
    assert "336,776 rows" in await world.type(DANA, f'logs {key.run_id} "take features"')
    assert "has not run yet" in await world.type(DANA, f"logs {key.run_id} register")
    assert "Did you mean take_features?" in await world.type(DANA, f"logs {key.run_id} take_feature")


async def test_logs_of_a_run_that_has_none_says_so(world: World) -> None:
    """Nothing has run yet; or the run is gone."""
    await world.type(DANA, "run delays --yes")
    key = await world.run_key()
    await world.has_card(key)
    assert "No task of this run has run yet" in await world.type(DANA, f"logs {key.run_id}")
    world.airflow.delete_run(key)
    assert "has no tasks of this run" in await world.type(DANA, f"logs {key.run_id}")


async def test_a_file_that_slack_does_not_take_is_told(world: World) -> None:
    """Without the scope for files, say, the person hears it instead of waiting."""
    key = await failed(world)
    world.slack.faults.fail("files.getUploadURLExternal", error="missing_scope")
    await world.type(DANA, f"logs {key.run_id} --whole")
    assert "I could not send the whole log" in (await world.told(DANA, "could not send")).text


# ---- clone --------------------------------------------------------------------------------------------------------


async def test_clone_with_changes_starts_at_once(world: World) -> None:
    """The run's values, with what was typed instead; the cloner is the new run's requester."""
    key = await failed(world)
    assert await world.type(OMAR, f"clone {key.run_id[-8:]} max_iter=300") == ""
    await world.slack.wait_for(lambda: world.airflow.count("start") == 2)
    conf = world.started()[-1]
    assert (conf["learning_rate"], conf["max_iter"], conf["stationmaster"]["person"]) == (0.1, 300, OMAR)
    row = await audited(world, "clone", "accepted")
    assert (row.actor, row.detail["cloned_from"]) == (OMAR, f"{key.dag_id}/{key.run_id}")  # type: ignore[index]


async def test_clone_without_changes_opens_the_form(world: World) -> None:
    """Filled in with that run's values; submitted as it is, they are started once more."""
    old = await failed(world)
    await click(world, DANA, "Clone", having="failed")
    [form] = world.slack.as_user(DANA).modals
    assert world.airflow.count("start") == 1
    assert (await world.slack.as_user(DANA).submit(form["id"], {})).acked
    await world.slack.wait_for(lambda: world.airflow.count("start") == 2)
    assert world.started()[-1]["learning_rate"] == 0.1
    await world.has_card(await world.run_key())
    origins = {(row.detail or {}).get("cloned_from") for row in await world.audit("run")} - {None}
    assert origins == {f"{old.dag_id}/{old.run_id}"}


async def test_a_clones_changes_are_checked(world: World) -> None:
    """As those of any run, before anything starts."""
    key = await failed(world)
    assert "is too large" in await world.type(DANA, f"clone {key.run_id} learning_rate=5")
    assert "Did you mean max_iter?" in await world.type(DANA, f"clone {key.run_id} max_ite=5")
    assert world.airflow.count("start") == 1


async def test_anyone_who_may_run_may_clone_anothers_run(world: World) -> None:
    """A clone is a run of one's own; whose values it has doesn't matter."""
    key = await running(world, OMAR, "run delays max_iter=50")
    await world.type(DANA, f"clone {key.run_id} --yes")
    await world.slack.wait_for(lambda: world.airflow.count("start") == 2)
    assert world.started()[-1]["max_iter"] == 50


async def test_the_end_of_a_run_that_is_cancelled_before_it_is_followed_is_told(world: World) -> None:
    """Its start had reached Airflow, and its process died: once it is followed, its end is told as any other."""
    key = RunKey("train_delays", "slack__begun")
    world.airflow.add_run(Run(dag_id=key.dag_id, run_id=key.run_id, state=RunState.QUEUED, queued=datetime.now(UTC)))
    await world.type(OMAR, f"cancel {key.dag_id}/{key.run_id} --yes")
    await world.told(OMAR, "was cancelled")
    await world.slack.wait_for(lambda: world.airflow.count("stop"))
    (cancelling,) = await until_over(world, "run.cancel")
    assert cancelling.state == "done"
    await world.station.store.runs.add(
        FollowedRun(
            dag_id=key.dag_id, dag_run_id=key.run_id, model="delays", origin="command", state=RunState.QUEUED, conf={},
            requested_by=DANA, requested_by_name="Dana", channel=TRAINING,
        )
    )  # fmt: skip
    await world.tracker.tick()
    await world.ended(key, RunState.FAILED)


async def until_over(world: World, kind: str) -> list[JobRow]:
    """The jobs of this kind, once all of them are over."""

    async def look() -> list[JobRow]:
        found = [each for each in await world.station.jobs.list() if each.kind == kind]
        return found if all(each.state in {"done", "dead"} for each in found) else []

    return await until(look)

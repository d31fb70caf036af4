"""The evidence of a promotion, gathered by a whole bot: its record, Airflow, MLflow and the configuration joined."""

from __future__ import annotations

import pytest

from bot.access import Role
from bot.domain import Dataset, RunKey, TaskState, Version
from bot.errors import ServiceDown, ServiceRejected, UnknownWord
from bot.promoting.evidence import Evidence, digest
from bot.promoting.gathering import gather
from bot.promoting.moves import moved
from tests.app.conftest import DANA, OMAR, VERA, World
from tests.app.training import COMMIT, change, trained

GATES = """
    promotion:
      gates:
        auc: {at_least: 0.65, max_drop: 0.01}
      required_tags: {reviewed: "yes"}
      min_rows: 1000
      approvals: 1
"""


@pytest.fixture
def gated(world: World) -> World:
    """The same world, in which delays has gates."""
    text = world.config.read_text(encoding="utf-8")
    world.config.write_text(text + GATES, encoding="utf-8")
    return world


async def evidence(world: World, word: str = "latest", proposer: str = DANA) -> Evidence:
    model = await world.station.catalogue.find("delays")
    return await gather(world.station, model, word, "production", await world.station.people.person(proposer))


async def test_a_run_through_the_bot_has_a_known_origin(gated: World) -> None:
    """What the run card's buttons lead to: everything read, the champion compared on the same data."""
    await trained(gated, "1", auc=0.671)
    gated.mlflow.move_alias("delays", "production", "1")
    key = await trained(gated, "2", auc=0.712)
    found = await evidence(gated, proposer=OMAR)
    assert (found.version, found.run, found.confirmed, found.unknown) == ("2", key, True, "")
    assert (found.commit, found.trained_by, found.needed, found.four_eyes) == (COMMIT, "Dana", 1, True)
    assert found.champion is not None
    assert (found.champion.version, found.champion.comparable, found.champion.metrics) == ("1", True, {"auc": 0.671})
    assert [(result.gate.subject, result.passed) for result in found.gates] == [
        ("auc", True),
        ("auc", True),
        ("the tag reviewed", False),
        ("evaluation rows", True),
    ]
    assert [(each.person, each.why) for each in found.barred] == [
        (DANA, "started the run that made it"),
        (OMAR, "asked for this promotion"),
    ]
    assert [(each.member, each.own) for each in found.approvers] == [("S0MLLEADS", False)]
    assert list(found.artifacts) == ["MLmodel"]
    assert "$" in found.cost


async def test_reading_again_is_the_same_evidence(gated: World) -> None:
    """As long as nothing moved, whoever proposes it and whatever the version is tagged with besides."""
    await trained(gated, "1", auc=0.7)
    first = await evidence(gated)
    await gated.station.registry.tag_version("delays", "1", {"note": "seen by Vera"})
    second = await evidence(gated, "v1", OMAR)
    assert digest(first) == digest(second)


async def test_a_version_by_tags_alone_is_of_unknown_origin(gated: World) -> None:
    """Training code that names somebody's run of Airflow proves nothing; two have to approve."""
    key = await trained(gated, "1", auc=0.7)
    await change(gated, "run-1", run_id="forged", started=None)
    gated.mlflow.add_version(Version(model="delays", version="2", run_id="forged"))
    found = await evidence(gated)
    assert (found.run, found.confirmed, found.needed) == (key, False, 2)
    assert found.unknown == "Airflow doesn't confirm that the run which it names has made it"


async def test_two_versions_that_claim_the_same_task_are_of_unknown_origin(gated: World) -> None:
    """One of them must be somebody else's, begun while that task ran."""
    await trained(gated, "1", auc=0.7)
    await change(gated, "run-1", run_id="forged")
    gated.mlflow.add_version(Version(model="delays", version="2", run_id="forged"))
    for word in ("v1", "v2"):
        assert "another MLflow run claims the same task" in (await evidence(gated, word)).unknown


async def test_a_second_training_run_without_a_version_is_no_rival(gated: World) -> None:
    """Training code may log what it likes beside the model."""
    await trained(gated, "1", auc=0.7)
    await change(gated, "run-1", run_id="search")
    assert (await evidence(gated)).unknown == ""


async def test_a_run_of_airflows_own_page_is_of_unknown_origin(gated: World) -> None:
    """Even where its conf claims to be somebody's: that bars them, and clears nobody."""
    key = RunKey("train_delays", "manual__1")
    await gated.station.orchestrator.start(key, {"stationmaster": {"person": VERA, "name": "Vera"}})
    gated.airflow.set_task(key, "train", TaskState.RUNNING)
    gated.trained(key, "1", auc=0.7)
    found = await evidence(gated)
    assert (found.unknown, found.needed) == ("its run was not started through me", 2)
    assert VERA in {each.person for each in found.barred}


async def test_small_teams_switch_four_eyes_off_but_not_for_unknown_origins(gated: World) -> None:
    """The switch holds for what the bot has seen from its start."""
    gated.config.write_text(gated.config.read_text(encoding="utf-8") + "      four_eyes: false\n", encoding="utf-8")
    await trained(gated, "1", auc=0.7)
    assert not (await evidence(gated)).four_eyes
    gated.mlflow.add_version(Version(model="delays", version="2"))
    unknown = await evidence(gated)
    assert (unknown.four_eyes, unknown.needed, unknown.unknown) == (True, 2, "its MLflow run is not there")


async def test_a_models_own_approvers_stand_in_place_of_the_workspaces(gated: World) -> None:
    """For the evidence, and for the role: who approves elsewhere is nobody here."""
    await trained(gated, "1", auc=0.7)
    text = gated.config.read_text(encoding="utf-8")
    gated.config.write_text(text + "      approvers: [U0VERA]\n", encoding="utf-8")
    assert [(each.member, each.own) for each in (await evidence(gated)).approvers] == [(VERA, True)]
    people, model = gated.station.people, await gated.station.catalogue.find("delays")
    roles = {who: await people.roles(await people.person(who), model) for who in (VERA, OMAR)}
    assert Role.APPROVER in roles[VERA]
    assert Role.APPROVER not in roles[OMAR]
    assert Role.APPROVER in await people.roles(await people.person(OMAR))


async def test_what_moves_meanwhile_is_told(gated: World) -> None:
    """The champion, a metric, a file, a gate and an approver: each in words."""
    await trained(gated, "1", auc=0.671)
    gated.mlflow.move_alias("delays", "production", "1")
    await trained(gated, "2", auc=0.712)
    await trained(gated, "3", auc=0.72)
    first = await evidence(gated, "v2")
    gated.mlflow.move_alias("delays", "production", "3")
    assert "production moved from v1 to v3" in moved(first, await evidence(gated, "v2"))
    gated.mlflow.move_alias("delays", "production", "1")
    await change(gated, "run-2", metrics={"auc": 0.69})
    assert "auc changed from 0.712 to 0.690" in moved(first, await evidence(gated, "v2"))
    await change(gated, "run-2", metrics={"auc": 0.712})
    gated.mlflow.put_files("delays", "2", {"model.pkl": b"other"})
    assert "the file model.pkl is new" in moved(first, await evidence(gated, "v2"))
    text = gated.config.read_text(encoding="utf-8").replace("at_least: 0.65", "at_least: 0.7")
    gated.config.write_text(text + "      approvers: [U0VERA]\n", encoding="utf-8")
    said = moved(first, await evidence(gated, "v2"))
    assert {"the gate auc at least 0.65 became at least 0.7", "the approvers changed"} <= set(said)


async def test_other_evaluation_data_fails_the_gate_that_compares(gated: World) -> None:
    """However much better it looks."""
    await trained(gated, "1", auc=0.5)
    gated.mlflow.move_alias("delays", "production", "1")
    await trained(gated, "2", auc=0.9)
    await change(gated, "run-2", datasets=(Dataset(name="holdout", digest="other", context="evaluation", rows=84_000),))
    found = await evidence(gated)
    assert found.champion is not None
    assert not found.champion.comparable
    assert found.failed[0].words.startswith("not comparable with production (v1)")


@pytest.mark.parametrize("method", ["version", "training", "artifacts", "holder"])
async def test_without_mlflow_there_is_no_evidence(gated: World, method: str) -> None:
    """Half of it would be none."""
    await trained(gated, "1", auc=0.7)
    gated.mlflow.fail_with(ServiceDown("MLflow"), times=10, on=method)
    with pytest.raises(ServiceDown):
        await evidence(gated, "v1")


async def test_without_airflow_there_is_no_evidence(gated: World) -> None:
    """An origin that can't be looked up is not taken for an unknown one."""
    await trained(gated, "1", auc=0.7)
    gated.airflow.fail_with(ServiceDown("Airflow"), times=10, on="run")
    with pytest.raises(ServiceDown):
        await evidence(gated, "v1")


async def test_a_champion_whose_files_are_gone_can_be_replaced(gated: World) -> None:
    """It counts with its version and metrics; a candidate without files does not."""
    await trained(gated, "1", auc=0.671)
    gated.mlflow.move_alias("delays", "production", "1")
    await trained(gated, "2", auc=0.712)
    gated.mlflow.put_files("delays", "1", {})
    found = await evidence(gated)
    assert found.champion is not None
    assert (found.champion.version, found.champion.artifacts) == ("1", "")
    gated.mlflow.put_files("delays", "2", {})
    with pytest.raises(ServiceRejected):
        await evidence(gated)


async def test_a_deleted_version_has_no_evidence(gated: World) -> None:
    """The words name what there is."""
    await trained(gated, "1", auc=0.7)
    await trained(gated, "2", auc=0.7)
    gated.mlflow.delete_version("delays", "2")
    with pytest.raises(UnknownWord):
        await evidence(gated, "v2")


async def test_the_dag_is_told_the_same_gates(gated: World) -> None:
    """One source: what its conf holds is what the evidence is judged by."""
    await trained(gated, "1", auc=0.7)
    told = gated.started()[-1]["stationmaster"]["gates"]
    found = await evidence(gated)
    assert told == [result.gate.model_dump(mode="json") for result in found.gates]
    assert [gate["kind"] for gate in told] == ["at_least", "max_drop", "required_tag", "min_rows"]

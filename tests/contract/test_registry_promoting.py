"""What promoting asks of every Registry: on the fake, and on a real MLflow."""

from __future__ import annotations

import hashlib
import json
import uuid
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.domain import Version
from bot.errors import NotFound, ServiceRejected
from tests.contract.registries import RegistryStage, Source

NAMES = [
    "late flights", "it's", 'say "so"', "100%", "%2F", "a.b-c_d", "dot.", "naïve 🚂", "back\\slash", "a?b#c&d", "a,b",
    "p(a)", "x@y", "a' OR 'b", "`tick`", " lead",
]  # fmt: skip
FILES = {"MLmodel": b"flavors: {}\n", "data/trees.bin": bytes(range(256)) * 5000, "data/more/empty": b""}
SOURCES: list[Source] = ["logged model", "run", "artifacts"]


def new_name(name: str = "delays") -> str:
    return f"{name} {uuid.uuid4().hex[:8]}"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


async def existing(shelf: RegistryStage, model: str, number: str) -> Version:
    found = await shelf.registry.version(model, number)
    assert found
    return found


async def test_version(shelf: RegistryStage) -> None:
    """One version whole; None once it is deleted, and where there never was one."""
    model = new_name()
    number = await shelf.publish(model, FILES)
    await shelf.alias(model, "production", number)
    version = await existing(shelf, model, number)
    assert (version.model, version.version, version.status) == (model, number, "READY")
    assert (version.tags, version.description) == ({"k": "v"}, "Trained on flights.")
    assert version.aliases == ("production",)
    assert version.source
    await shelf.delete_version(model, number)
    assert await shelf.registry.version(model, number) is None
    assert await shelf.registry.holder(model, "production") is None


@pytest.mark.parametrize(("model", "number"), [("no such", "1"), ("with/slash", "1"), ("", "1"), ("delays", "first")])
async def test_no_version(shelf: RegistryStage, model: str, number: str) -> None:
    """A version that isn't there, or can't be, is None."""
    assert await shelf.registry.version(model, number) is None


@pytest.mark.parametrize("source", SOURCES)
async def test_artifacts(shelf: RegistryStage, source: Source) -> None:
    """Every file of a version is digested, in folders too, wherever MLflow keeps it."""
    model = new_name()
    version = await existing(shelf, model, await shelf.publish(model, FILES, source=source))
    assert await shelf.registry.artifacts(version) == {path: digest(content) for path, content in FILES.items()}


async def test_artifacts_are_read_anew(shelf: RegistryStage) -> None:
    """A file that somebody has changed has another digest; the others have theirs."""
    model = new_name()
    number = await shelf.publish(model, FILES)
    version = await existing(shelf, model, number)
    before = await shelf.registry.artifacts(version)
    await shelf.overwrite(model, number, FILES | {"MLmodel": b"flavors: {other: {}}\n"})
    after = await shelf.registry.artifacts(version)
    assert {path for path in before if before[path] != after[path]} == {"MLmodel"}


async def test_no_artifacts(shelf: RegistryStage) -> None:
    """A version without files is refused, for nothing could be said of it; a deleted one is NotFound."""
    model = new_name()
    number = await shelf.publish(model, {})
    version = await existing(shelf, model, number)
    with pytest.raises(ServiceRejected, match="no files"):
        await shelf.registry.artifacts(version)
    await shelf.delete_version(model, number)
    with pytest.raises(NotFound):
        await shelf.registry.artifacts(version)


@pytest.mark.parametrize("name", NAMES)
async def test_names(shelf: RegistryStage, name: str) -> None:
    """A model of any name that MLflow takes can be moved, tagged, copied, found in bulk and digested."""
    model = new_name(name)
    number = await shelf.publish(model, FILES)
    registry, version = shelf.registry, await existing(shelf, model, number)
    await registry.set_alias(model, "production", number)
    await registry.tag_version(model, number, {"stationmaster.approved_by": "Omar"})
    await registry.tag_model(model, {"stationmaster.production": number})
    copy = await registry.copy_version(version, f"prod {model}", "copy")
    assert await registry.holders([model]) == {(model, "production"): number}
    assert await registry.deleted([(model, number), (model, "7")]) == {(model, "7")}
    assert await registry.artifacts(copy) == await registry.artifacts(version)
    await registry.drop_alias(model, "production")
    assert await registry.holder(model, "production") is None


async def test_both_kinds_of_quotes(shelf: RegistryStage) -> None:
    """A name that no filter can hold is found in bulk all the same."""
    model = new_name("""it's "so" """)
    number = await shelf.publish(model, FILES)
    await shelf.registry.set_alias(model, "production", number)
    assert await shelf.registry.holders([model, "no such"]) == {(model, "production"): number}
    assert await shelf.registry.deleted([(model, number), (model, "7")]) == {(model, "7")}


async def test_an_alias_moves(shelf: RegistryStage) -> None:
    """It has one holder; to set it, or to drop it, again changes nothing."""
    model, registry = new_name(), shelf.registry
    first, second = await shelf.publish(model, FILES), await shelf.publish(model, FILES)
    for number in (first, second, second):
        await registry.set_alias(model, "production", number)
    assert [version.aliases for version in await registry.versions(model, 2)] == [("production",), ()]
    for _ in range(2):
        await registry.drop_alias(model, "production")
    assert await registry.holders([model]) == {}


@pytest.mark.parametrize("alias", ["latest", "LATEST", "v1", "V22", "", "a b", "a/b", "a.b", "x" * 256])
async def test_an_alias_that_is_refused(shelf: RegistryStage, alias: str) -> None:
    """MLflow's own words say why, and nothing is changed."""
    model = new_name()
    number = await shelf.publish(model, FILES)
    with pytest.raises(ServiceRejected, match=r"alias|reserved"):
        await shelf.registry.set_alias(model, alias, number)
    assert await shelf.registry.holders([model]) == {}


async def test_what_is_gone_takes_nothing(shelf: RegistryStage) -> None:
    """An alias or a tag for a version or a model that isn't there is NotFound."""
    model, registry = new_name(), shelf.registry
    await shelf.publish(model, FILES)
    for change in (
        registry.set_alias(model, "production", "7"),
        registry.set_alias(new_name(), "production", "1"),
        registry.drop_alias(new_name(), "production"),
        registry.tag_version(model, "7", {"a": "b"}),
        registry.tag_model(new_name(), {"a": "b"}),
    ):
        with pytest.raises(NotFound):
            await change


async def test_tags(shelf: RegistryStage) -> None:
    """Tags are set beside those that are there, whatever they hold; again changes nothing."""
    model, registry = new_name(), shelf.registry
    number = await shelf.publish(model, FILES)
    reason = 'Dana\'s "fix":\n100% of {{ rows }} & <b> 🚂'
    for _ in range(2):
        await registry.tag_version(model, number, {"stationmaster.reason": reason, "stationmaster.by": "Dana"})
        await registry.tag_model(model, {"stationmaster.reason": reason})
    expected = {"k": "v", "stationmaster.reason": reason, "stationmaster.by": "Dana"}
    assert (await existing(shelf, model, number)).tags == expected
    assert await shelf.tags_of(model) == {"stationmaster.reason": reason}


async def test_a_copy_is_made_once(shelf: RegistryStage) -> None:
    """It has the run, tags, words and files of the first, and no alias; a repetition finds it."""
    model, target, registry = new_name("dev.churn"), new_name("prod.churn"), shelf.registry
    number = await shelf.publish(model, FILES)
    await registry.set_alias(model, "production", number)
    version = await existing(shelf, model, number)
    copy = await registry.copy_version(version, target, "promotion it's 1")
    again = await registry.copy_version(version, target, "promotion it's 1")
    assert (copy.model, copy.version, again.version) == (target, "1", "1")
    assert (copy.run_id, copy.description) == (version.run_id, version.description)
    assert version.tags.items() <= copy.tags.items()
    assert (await existing(shelf, target, "1")).aliases == ()
    assert await registry.artifacts(copy) == await registry.artifacts(version)
    assert (await registry.copy_version(version, target, "promotion 2")).version == "2"


async def test_a_copy_that_is_refused(shelf: RegistryStage) -> None:
    """A name that is no model's is refused in MLflow's own words."""
    model = new_name()
    version = await existing(shelf, model, await shelf.publish(model, FILES))
    with pytest.raises(ServiceRejected, match=r"[Nn]ame"):
        await shelf.registry.copy_version(version, "prod/churn", "promotion 1")


async def test_trainings_in_bulk(shelf: RegistryStage) -> None:
    """Those that are there, by their ids; deleted, unknown and impossible ones are left out."""
    run_ids = [await shelf.train({}, {"auc": 0.5 + number / 100}) for number in range(3)]
    await shelf.delete(run_ids[1])
    found = await shelf.registry.trainings_of([*run_ids, uuid.uuid4().hex, "it's", ""])
    assert set(found) == {run_ids[0], run_ids[2]}
    assert found[run_ids[2]] == await shelf.registry.training(run_ids[2])
    assert await shelf.registry.trainings_of([]) == {}


async def test_holders_in_bulk(shelf: RegistryStage) -> None:
    """All aliases of the models that are asked for, and of no others."""
    mine, other, empty = new_name("mine"), new_name("other"), new_name("empty")
    first, second = await shelf.publish(mine, FILES), await shelf.publish(mine, FILES)
    await shelf.alias(other, "production", await shelf.publish(other, FILES))
    await shelf.publish(empty, FILES)
    await shelf.alias(mine, "production", first)
    await shelf.alias(mine, "canary", second)
    found = await shelf.registry.holders([mine, empty, new_name()])
    assert found == {(mine, "production"): first, (mine, "canary"): second}
    assert await shelf.registry.holders([]) == {}


async def test_deleted_in_bulk(shelf: RegistryStage) -> None:
    """Versions that are deleted, or never were, are told from those that are there."""
    model, other = new_name(), new_name("other")
    numbers = [await shelf.publish(model, FILES) for _ in range(3)]
    await shelf.publish(other, FILES)
    await shelf.delete_version(model, numbers[1])
    asked = [(model, "2"), (model, "3"), (other, "1"), (other, "2"), (new_name(), "1")]
    assert await shelf.registry.deleted(asked) == {asked[0], asked[3], asked[4]}
    assert await shelf.registry.deleted([]) == frozenset()


async def test_compare_url(shelf: RegistryStage) -> None:
    """MLflow's own page gets the runs, and the experiments that they are in."""
    run_ids = [await shelf.train({}) for _ in range(2)]
    trainings = list((await shelf.registry.trainings_of(run_ids)).values())
    page, _, query = urlsplit(shelf.registry.compare_url(trainings)).fragment.partition("?")
    told = {name: json.loads(values[0]) for name, values in parse_qs(query).items()}
    assert page == "/compare-runs"
    assert sorted(told["runs"]) == sorted(run_ids)
    assert told["experiments"] == [trainings[0].experiment_id]


async def test_rows_of_a_data_set(shelf: RegistryStage) -> None:
    """The data set's profile says how many rows there were."""
    training = await shelf.registry.training(await shelf.train({}))
    assert training
    assert [dataset.rows for dataset in training.datasets] == [30_211]

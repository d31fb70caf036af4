"""What every store of schedules does, whichever the configuration names."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cloud import AwsCloud
from bot.errors import NotFound, ServiceConfused, ServiceDenied, ServiceDown, ServiceRejected
from bot.scheduling.folder import FolderSpecs
from bot.scheduling.objects import S3Specs
from bot.scheduling.spec import BrokenSpec, Conflict, ScheduleSpec
from bot.scheduling.variable import VariableSpecs, packed
from tests.aws import Aws
from tests.bot.scheduling.kit import HOSTILE, spec
from tests.contract.specs import PREFIX, FakeStage, FolderStage, S3Stage, SpecsStage, VariableStage, real_variable
from tests.fakes import FakeOrchestrator

STORES = ["fake", "folder", "s3", "variable", pytest.param("airflow", marks=pytest.mark.airflow)]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SpecsStage:
    """An empty store of each kind."""
    name = uuid.uuid4().hex[:12]
    if request.param == "fake":
        return FakeStage()
    if request.param == "folder":
        return FolderStage(tmp_path)
    if request.param == "s3":
        return S3Stage(request.getfixturevalue("aws").url, f"bucket-{name}")
    if request.param == "variable":
        return VariableStage(FakeOrchestrator(), name)
    server = request.getfixturevalue("airflow_server")
    return real_variable(server.url, server.username, server.password, f"contract_{name}")


async def test_an_empty_store_has_nothing(store: SpecsStage) -> None:
    """Before anything was written, too."""
    assert await store.specs.all() == {}
    assert await store.specs.get("nightly") is None
    await store.specs.remove("nightly", 1)


async def test_what_is_put_is_there(store: SpecsStage) -> None:
    """With its revision, for every process, whatever is in it."""
    secrets = {"max_tokens": 5, "password": "hunter2", "api_key": ["x"]}  # which Airflow hides where it can
    made = spec("nightly", conf={text: text for text in HOSTILE} | secrets, reason="\n".join(HOSTILE))
    assert await store.specs.put(made, 0) == made
    assert await store.other.get("nightly") == made
    again = await store.other.put(made.model_copy(update={"reason": "better"}), 1)
    assert (again.revision, again.reason) == (2, "better")
    assert await store.specs.all() == {"nightly": again}


async def test_a_change_of_what_has_changed_meanwhile_is_a_conflict(store: SpecsStage) -> None:
    """It says what is there now, and changes nothing."""
    made = await store.specs.put(spec("nightly"), 0)
    newer = await store.other.put(made.model_copy(update={"reason": "omar's"}), 1)
    with pytest.raises(Conflict) as conflict:
        await store.specs.put(made.model_copy(update={"reason": "dana's"}), 1)
    assert conflict.value.newer == newer
    with pytest.raises(Conflict):
        await store.specs.put(spec("nightly"), 0)
    with pytest.raises(Conflict):
        await store.specs.remove("nightly", 1)
    assert await store.specs.get("nightly") == newer


async def test_a_change_of_what_was_removed_is_a_conflict(store: SpecsStage) -> None:
    """A removed schedule doesn't come back by an edit."""
    made = await store.specs.put(spec("nightly"), 0)
    await store.other.remove("nightly", 1)
    with pytest.raises(Conflict) as conflict:
        await store.specs.put(made, 1)
    assert conflict.value.newer is None
    assert await store.specs.all() == {}


async def test_a_change_that_was_made_may_be_repeated(store: SpecsStage) -> None:
    """By who got no answer: it is the same change, and counts once."""
    made = spec("nightly")
    assert await store.specs.put(made, 0) == await store.other.put(made, 0)
    changed = made.model_copy(update={"reason": "better"})
    assert await store.specs.put(changed, 1) == await store.other.put(changed, 1)
    kept = await store.specs.get("nightly")
    assert isinstance(kept, ScheduleSpec)
    assert kept.revision == 2
    await store.specs.remove("nightly", 2)
    await store.other.remove("nightly", 2)
    assert await store.specs.get("nightly") is None
    assert (await store.specs.put(made, 0)).revision == 1


async def test_of_changes_at_once_one_is_made(store: SpecsStage) -> None:
    """In this process, or where the store is for more than one writer, in two; the others are told."""
    made = await store.specs.put(spec("nightly"), 0)
    writers = [store.specs if store.specs.single_writer or n % 2 else store.other for n in range(8)]

    async def change(number: int) -> str:
        try:
            await writers[number].put(made.model_copy(update={"reason": f"by {number}"}), 1)
        except (Conflict, ServiceDown):
            return ""
        return f"by {number}"

    outcomes = await asyncio.gather(*map(change, range(8)))
    kept = await store.specs.get("nightly")
    assert isinstance(kept, ScheduleSpec)
    assert [each for each in outcomes if each] == [kept.reason]
    assert kept.revision == 2


async def test_other_schedules_are_not_in_the_way(store: SpecsStage) -> None:
    """Changes of several at once all stay."""
    await asyncio.gather(*(store.specs.put(spec(f"s{number}"), 0) for number in range(6)))
    await asyncio.gather(*(store.specs.remove(f"s{number}", 1) for number in range(3)))
    assert list(await store.specs.all()) == ["s3", "s4", "s5"]


async def test_one_that_was_broken_by_hand_is_shown(store: SpecsStage) -> None:
    """With what is wrong; the others are whole. It is overwritten or removed only by who says so."""
    whole = await store.specs.put(spec("whole"), 0)
    await store.by_hand("nightly", spec("nightly").to_json().replace("Europe/Amsterdam", "Mars/Phobos"))
    await store.by_hand("cut", spec("cut").to_json()[:50])
    kept = await store.other.all()
    assert kept["whole"] == whole
    assert kept["nightly"] == BrokenSpec(
        id="nightly", why="zone: “Mars/Phobos” is not a time zone, such as Europe/Amsterdam"
    )
    cut = kept["cut"]
    assert isinstance(cut, BrokenSpec)
    assert cut.why.startswith("Invalid JSON")
    for expected in (0, 1):
        with pytest.raises(Conflict) as conflict:
            await store.specs.put(spec("nightly"), expected)
        assert conflict.value.newer == kept["nightly"]
    assert (await store.specs.put(spec("nightly"), None)).revision == 1
    await store.specs.remove("cut", None)
    assert list(await store.specs.all()) == ["nightly", "whole"]


async def test_the_dag_file_is_published_once(store: SpecsStage) -> None:
    """And again when it is another; a store that can publish none says so by never having done it."""
    first, second = await store.specs.install(), await store.specs.install()
    assert not second
    text = await store.published()
    if text is not None:
        assert first
        assert "PREFIX = 'contract'" in text
    assert await store.specs.all() == {}


class TestFolder:
    """What only a folder can meet with."""

    async def test_a_folder_that_is_no_folder(self, tmp_path: Path) -> None:
        """Said in words; nothing is written anywhere."""
        (tmp_path / "file").write_text("")
        specs = FolderSpecs(tmp_path / "file", PREFIX)
        with pytest.raises(ServiceDown, match="Not a directory"):
            await specs.put(spec(), 0)

    async def test_an_id_never_leads_out_of_the_folder(self, tmp_path: Path) -> None:
        """However it came here."""
        with pytest.raises(ServiceRejected, match="no schedule's id"):
            await FolderSpecs(tmp_path, PREFIX).get("../outside")

    async def test_an_outdated_file_is_renewed(self, tmp_path: Path) -> None:
        """After an upgrade, for one; what a hand changed too."""
        specs = FolderSpecs(tmp_path, PREFIX)
        await specs.install()
        path = tmp_path / f"{PREFIX}_schedules.py"
        written = path.read_text()
        path.write_text(written.replace("TAG", "GAT"))
        assert await specs.install()
        assert path.read_text() == written

    async def test_a_reader_never_sees_half(self, tmp_path: Path) -> None:
        """What a crash left beside a spec is not read, and doesn't stop the next writer."""
        specs = FolderSpecs(tmp_path, PREFIX)
        made = await specs.put(spec(), 0)
        (tmp_path / f"{PREFIX}_schedules" / ".nightly.json.new").write_text('{"id": "nigh')
        assert await specs.all() == {"nightly": made}
        assert (await specs.put(made, 1)).revision == 2


class TestS3:
    """What only S3 answers."""

    @pytest.fixture
    async def wired(self, aws: Aws) -> AsyncIterator[tuple[S3Specs, Aws]]:
        aws.create("faults")
        yield S3Specs(aws.cloud, "faults", "dags", PREFIX), aws
        aws.answer(None)

    @pytest.mark.parametrize(
        ("status", "code", "error"),
        [(403, "AccessDenied", ServiceDenied), (500, "InternalError", ServiceDown), (503, "SlowDown", ServiceDown)],
    )
    async def test_its_faults_are_said_in_words(
        self, wired: tuple[S3Specs, Aws], status: int, code: str, error: type[Exception]
    ) -> None:
        """Reading and writing; nothing is lost, and it goes on afterwards."""
        specs, aws = wired
        made = await specs.put(spec(f"s{status}"), 0)
        aws.answer((status, code))
        for attempt in (specs.put(made, 1), specs.get(made.id), specs.all(), specs.remove(made.id, 1), specs.install()):
            with pytest.raises(error):
                await attempt
        aws.answer(None)
        assert await specs.get(made.id) == made

    async def test_a_write_whose_answer_was_lost_is_no_conflict(self, wired: tuple[S3Specs, Aws]) -> None:
        """S3 did it, then said 500; the next attempt, by boto3 or by the work, finds it done."""
        specs, aws = wired
        made = spec("lost")
        aws.lose_answers(1)
        assert await specs.put(made, 0) == made
        assert await specs.get("lost") == made

    async def test_one_that_is_being_changed_is_tried_again_later(self, wired: tuple[S3Specs, Aws]) -> None:
        """S3 says 409 of a write beside another one."""
        specs, aws = wired
        made = await specs.put(spec("busy"), 0)
        aws.answer((409, "ConditionalRequestConflict"), only="PUT")
        with pytest.raises(ServiceDown, match="somebody else"):
            await specs.put(made.model_copy(update={"reason": "x"}), 1)

    async def test_a_slow_one_is_given_up(self, wired: tuple[S3Specs, Aws]) -> None:
        """In the time that the adapter has."""
        aws = wired[1]
        hurried = S3Specs(AwsCloud(patience=1.0), "faults", "dags", PREFIX)
        aws.delay(3.0)
        with pytest.raises(ServiceDown):
            await hurried.get("slow")
        aws.delay(0)

    async def test_a_bucket_that_is_not_there(self, aws: Aws) -> None:
        """Is told by its name's own error, not taken for an empty one."""
        specs = S3Specs(aws.cloud, "nowhere-at-all", "", PREFIX)
        with pytest.raises((ServiceRejected, NotFound), match="bucket"):
            await specs.all()

    async def test_only_what_changed_is_fetched(self, wired: tuple[S3Specs, Aws]) -> None:
        """A second look at many costs one call."""
        specs, aws = wired
        await asyncio.gather(*(specs.put(spec(f"many{number}"), 0) for number in range(5)))
        await specs.all()
        before = aws.calls
        await specs.all()
        assert aws.calls == before + 1

    async def test_what_was_half_removed_is_gone(self, wired: tuple[S3Specs, Aws]) -> None:
        """A crash between the note and the deletion leaves the note, which counts as nothing and is removed later."""
        specs, aws = wired
        await specs.put(spec("half"), 0)
        aws.answer((403, "AccessDenied"), only="DELETE")
        with pytest.raises(ServiceDenied):
            await specs.remove("half", 1)
        assert await specs.get("half") is None
        assert "half" not in await specs.all()
        aws.answer(None)
        await specs.remove("half", 1)
        assert (await specs.put(spec("half"), 0)).revision == 1


class TestVariable:
    """What only a Variable can meet with."""

    @pytest.mark.parametrize("text", ["{cut", "[]", '"text"', packed("[]"), packed("{}")[:-6] + "AAAAAA"])
    async def test_one_that_holds_something_else_is_not_overwritten(self, text: str) -> None:
        """It may be somebody's."""
        airflow = FakeOrchestrator()
        airflow.variables["ours"] = text
        specs = VariableSpecs(airflow, "ours", PREFIX)
        for attempt in (specs.all(), specs.put(spec(), 0), specs.remove("nightly", 1)):
            with pytest.raises(ServiceConfused, match="Variable ours holds no schedules"):
                await attempt
        assert airflow.variables == {"ours": text}

    async def test_what_a_hand_wrote_plainly_is_read(self) -> None:
        """And packed with the next change."""
        airflow = FakeOrchestrator()
        airflow.variables["ours"] = '{"nightly": ' + spec().to_json() + "}"
        specs = VariableSpecs(airflow, "ours", PREFIX)
        assert await specs.all() == {"nightly": spec()}
        await specs.put(spec("weekly"), 0)
        assert "nightly" not in airflow.variables["ours"]
        assert list(await specs.all()) == ["nightly", "weekly"]

    async def test_it_is_for_a_single_writer(self) -> None:
        """And says so, for who starts a second bot."""
        assert VariableSpecs(FakeOrchestrator(), "ours", PREFIX).single_writer

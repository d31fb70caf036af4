"""The seams: what the bot asks of the orchestrator, the registry, the chat and the cloud.

Adapters (`orchestrator.py`, `registry.py`, `chat.py`, `cloud.py`) implement these over real services, `tests/fakes` in
memory; the same contract tests run on both. Every method may raise `bot.errors.ServiceError`, and nothing else of a
vendor's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from bot.domain import (
    Backfill,
    BackfillPlan,
    Log,
    Person,
    Pipeline,
    Posted,
    Question,
    QuestionKey,
    Run,
    RunKey,
    Scheduled,
    Task,
    Training,
    Version,
)
from bot.scheduling.spec import BrokenSpec, ScheduleSpec


class Orchestrator(Protocol):
    """Runs pipelines (Airflow)."""

    async def pipelines(self, tag: str) -> Mapping[str, str]:
        """The DAGs with this tag: id to a digest that changes when the DAG's schema, tasks or state may have."""

    async def pipeline(self, dag_id: str) -> Pipeline:
        """One DAG whole, with parameters, tasks in topological order, and its trouble. NotFound if unknown."""

    async def import_errors(self) -> Mapping[str, str]:
        """The DAG files that can't be imported, by name, with the error's last line. Empty where that is not told."""

    async def start(
        self, key: RunKey, conf: Mapping[str, Any], *, note: str = "", run_after: datetime | None = None
    ) -> Run:
        """Start the run named `key`; if it exists already, that is success and the existing run is returned.

        ServiceRejected with the orchestrator's own words where the conf doesn't fit; NotFound where the DAG is gone.
        """

    async def run(self, key: RunKey) -> Run | None:
        """The run, or None where there is none (any more)."""

    async def changed_runs(self, dag_ids: Collection[str], since: datetime) -> Sequence[Run]:
        """Every run of these DAGs that changed at or after `since`, oldest change first."""

    async def recent_runs(self, dag_ids: Collection[str], limit: int) -> Sequence[Run]:
        """The last `limit` runs of these DAGs together, newest first."""

    async def tasks(self, keys: Collection[RunKey]) -> Mapping[RunKey, Sequence[Task]]:
        """The tasks of all these runs, in as few calls as the orchestrator allows. Unknown runs are left out."""

    async def summary(self, key: RunKey, task: Task) -> str:
        """What the task said of its result (its XCom `summary`), or an empty string."""

    async def failure(self, key: RunKey, task: Task) -> str:
        """The kind of the error and its first line, from the failed task's log; empty where it can't be told."""

    async def questions(self, dag_ids: Collection[str]) -> Sequence[Question]:
        """What tasks of these DAGs wait to hear from people now, oldest first."""

    async def question(self, key: QuestionKey) -> Question | None:
        """What this task asks, or asked; None where it asks nothing, or is gone."""

    async def answer(self, key: QuestionKey, chosen: Collection[str], values: Mapping[str, Any]) -> None:
        """Answer it: the task goes on. The first answer counts.

        ServiceRejected where it doesn't fit, with status 409 where it was answered already; ServiceDenied where the
        bot's own account is not among those whom it is for; NotFound where nothing is asked. Values are not checked.
        """

    async def log(self, key: RunKey, task: Task, try_number: int) -> Log:
        """What this try of the task wrote so far, masked; of a very long log the last megabytes.

        Tries count from 1 to the task's `try_number`. NotFound where there was no such try.
        """

    async def stop(self, key: RunKey) -> Run:
        """Stop the run, which then has failed, and return it. One that is over stays as it is. NotFound if unknown."""

    async def retry(self, key: RunKey) -> Run:
        """Let every task of a failed run that has not succeeded run again, and return the run, which then waits.

        One that goes on, or has succeeded, or in which nothing is left to do, stays as it is. NotFound if unknown.
        """

    async def scheduled(self, dag_id: str) -> Scheduled | None:
        """How a DAG that runs by the clock stands, gone ones too; None where there has never been one."""

    async def all_scheduled(self, tag: str) -> Mapping[str, Scheduled]:
        """The same for every DAG with this tag, by its id."""

    async def parse(self, dag_id: str) -> None:
        """Ask for the DAG's file to be read again now, or where there is no such DAG, for new files to be looked for.

        That takes about a second, and is not waited for: `scheduled` shows when it is done. A request that comes while
        the file is being read, as it was before, is passed over: ask again after some seconds.
        """

    async def set_paused(self, dag_id: str, paused: bool) -> None:
        """Pause a DAG, or let it go on. NotFound if unknown."""

    async def variable(self, key: str) -> str | None:
        """What is kept under this key; None where nothing is. Of JSON, what looks like a secret is masked."""

    async def set_variable(self, key: str, value: str) -> None:
        """Keep this under the key. Of two writers at the same moment one is lost."""

    async def backfill_dates(self, plan: BackfillPlan) -> Sequence[datetime]:
        """The logical dates of the runs that the backfill would start, oldest first; nothing is started.

        ServiceRejected where the DAG has no schedule of its own; NotFound where it is gone.
        """

    async def start_backfill(self, plan: BackfillPlan) -> Backfill:
        """Start it. One with this very span and conf is that one, found again.

        ServiceRejected with status 409 where another backfill of the DAG goes on, 422 where nothing is left to run.
        """

    async def backfill(self, backfill_id: int) -> Backfill | None:
        """How it stands; None where there is none."""

    async def cancel_backfill(self, backfill_id: int) -> None:
        """Start no more of its runs; those that run go on. NotFound if unknown; one that is over stays as it is."""

    def dag_url(self, dag_id: str) -> str:
        """Where a person sees the DAG."""

    def run_url(self, key: RunKey) -> str:
        """Where a person sees the run."""

    async def check(self) -> None:
        """Raise the ServiceError that stands between the bot and the service, if one does."""

    async def close(self) -> None:
        """Let go of connections."""


class Specs(Protocol):
    """Keeps the schedules where Airflow makes DAGs of them (a folder, S3, or an Airflow Variable).

    A change says which revision it changes: 0 for a schedule that should not be there yet, None for whatever is there.
    Where that is no longer so it raises `bot.scheduling.spec.Conflict`, with what is there now; a change that was
    carried out before, by an attempt whose answer was lost, is no conflict.
    """

    @property
    def prefix(self) -> str:
        """What the ids of the DAGs begin with that are made of these schedules."""

    @property
    def single_writer(self) -> bool:
        """Whether two changes at the same moment may lose one of them: then one process alone may write."""

    async def all(self) -> Mapping[str, ScheduleSpec | BrokenSpec]:
        """Every schedule by its id, those that somebody broke by hand among them."""

    async def get(self, spec_id: str) -> ScheduleSpec | BrokenSpec | None:
        """One schedule, or None where there is none."""

    async def put(self, spec: ScheduleSpec, expected: int | None) -> ScheduleSpec:
        """Keep it as the revision after `expected`, and return it as it is kept."""

    async def remove(self, spec_id: str, expected: int | None) -> None:
        """Forget it. One that is not there is forgotten already."""

    async def install(self) -> bool:
        """Publish the DAG file that reads these schedules, where it is missing or outdated; whether that was so.

        Where the bot has no way to publish a file, this makes sure of what the file reads, and returns False.
        """


class Registry(Protocol):
    """Remembers what was trained (MLflow)."""

    async def trainings(self, key: RunKey) -> Sequence[Training]:
        """The MLflow runs tagged with this DAG run (`airflow.dag_id`, `airflow.run_id`), newest first."""

    async def training(self, run_id: str) -> Training | None:
        """One MLflow run by its id."""

    async def trainings_of(self, run_ids: Collection[str]) -> Mapping[str, Training]:
        """These MLflow runs, in as few calls as it takes. Deleted and unknown ones are left out."""

    async def version(self, model: str, version: str) -> Version | None:
        """One version; None where it was deleted, or never was."""

    async def versions(self, model: str, limit: int) -> Sequence[Version]:
        """A registered model's last versions, newest first; empty where there is no such model."""

    async def versions_of(self, run_id: str) -> Sequence[Version]:
        """The versions registered from this MLflow run, of whichever model, newest first."""

    async def holder(self, model: str, alias: str) -> Version | None:
        """The version that holds the alias, or None."""

    async def holders(self, models: Collection[str]) -> Mapping[tuple[str, str], str]:
        """Every alias of these models: (model, alias) to its version's number, in as few calls as it takes."""

    async def deleted(self, versions: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Those of these (model, number) that are there no longer, in as few calls as it takes."""

    async def artifacts(self, version: Version) -> Mapping[str, str]:
        """Every file of the version's model, by its path, with "sha256:…" of what it holds now.

        All of them are read, which takes a while. ServiceRejected where there are none, where they are more than is
        read, or where they are at an address that is not read from; NotFound where the version was deleted.
        """

    async def set_alias(self, model: str, alias: str, version: str) -> None:
        """Let the version hold the alias, and none other of the model. Harmless to repeat.

        ServiceRejected with the registry's own words for a name that it doesn't take; NotFound where the version is
        gone.
        """

    async def drop_alias(self, model: str, alias: str) -> None:
        """Let no version of the model hold the alias; fine where none does. NotFound where there is no such model."""

    async def tag_version(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        """Set these tags of the version and leave its others. Harmless to repeat. NotFound where it is gone."""

    async def tag_model(self, model: str, tags: Mapping[str, str]) -> None:
        """Set these tags of the registered model and leave its others. Harmless to repeat. NotFound if unknown."""

    async def copy_version(self, version: Version, to_model: str, marker: str) -> Version:
        """The version as a new one of another registered model, which is made if need be: its files, run and tags.

        A repetition with the same marker returns the copy that is there. Two at the same instant may both copy: let
        only one process copy under a marker. Aliases stay where they are.
        """

    def model_url(self, model: str) -> str:
        """Where a person sees the registered model."""

    def compare_url(self, trainings: Sequence[Training]) -> str:
        """Where a person sees these MLflow runs side by side."""

    async def check(self) -> None:
        """Raise the ServiceError that stands between the bot and the service, if one does."""

    async def close(self) -> None:
        """Let go of connections."""


class Outgoing(Protocol):
    """A rendered message: `text` for notifications and screen readers, `blocks` as Slack's JSON (maybe empty)."""

    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def blocks(self) -> list[dict[str, Any]]: ...  # noqa: D102


class Chat(Protocol):
    """Where people are (Slack)."""

    async def post(self, channel: str, message: Outgoing, *, thread: str = "", nonce: str = "") -> Posted:
        """Post; `channel` may be a person's id (a direct message). `nonce` is kept as metadata, to find it again."""

    async def update(self, at: Posted, message: Outgoing, *, live: bool = False) -> bool:
        """Replace a message of the bot's own. NotFound where it was deleted.

        Edits are scarce. One of a `live` card, which will be edited again soon, is left out where none can be spared:
        False then. Any other waits a little, and is ServiceDown, with the seconds to wait, where that was not enough.
        """

    async def whisper(self, channel: str, person: str, message: Outgoing) -> None:
        """Show a message to one person in a channel (ephemeral)."""

    async def respond(self, response_url: str, message: Outgoing, *, replace: bool = False) -> None:
        """Answer a command or a click to that person alone; works where the bot is no member."""

    async def upload(self, person: str, name: str, text: str) -> None:
        """Send a person this text as a file called `name`, in a direct message."""

    async def open_view(self, trigger: str, view: dict[str, Any]) -> None:
        """Open a modal for what was just done; `trigger` does it once, within three seconds."""

    async def update_view(self, view_id: str, view: dict[str, Any]) -> None:
        """Show something else in an open modal. NotFound where it was closed."""

    async def publish(self, person: str, view: dict[str, Any]) -> None:
        """Show this view on the person's home tab."""

    def now(self) -> float:
        """Epoch seconds by the service's own clock, whatever this machine's says."""

    async def find(self, channel: str, nonce: str, at: float, *, thread: str = "") -> Posted | None:
        """The bot's own message with this nonce that was posted around `at` (see `now`), in the channel or a thread.

        NotFound where more was said there at that time than is read, so that nobody can tell.
        """

    async def person(self, user_id: str) -> Person:
        """Who this is. NotFound for an unknown id."""

    async def group(self, group_id: str) -> frozenset[str]:
        """The ids of a user group's members."""

    async def check(self) -> None:
        """Raise the ServiceError that stands between the bot and the service, if one does."""


class Stored(NamedTuple):
    """An object of a bucket: its bytes, and the mark that changes with them."""

    body: bytes
    etag: str


class Cloud(Protocol):
    """Whose account the bot runs in (AWS)."""

    async def secret(self, arn: str) -> str:
        """What the entry of Secrets Manager with this ARN holds. ServiceRejected where that is no string."""


class Buckets(Protocol):
    """Where objects are kept (S3)."""

    async def objects(self, bucket: str, prefix: str) -> Mapping[str, str]:
        """The objects of a bucket whose keys begin with `prefix`: key to ETag."""

    async def object(self, bucket: str, key: str) -> Stored | None:
        """One object; None where there is none."""

    async def put_object(self, bucket: str, key: str, body: bytes, *, etag: str | None) -> None:
        """Write it if the object still has this ETag, or if there is none where that is empty; in any case, with None.

        ServiceRejected with status 412 or 409 where it is another object now, or is being changed.
        """

    async def delete_object(self, bucket: str, key: str) -> None:
        """Delete it. One that is not there is deleted already."""

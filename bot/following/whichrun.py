"""Which run a person means: by its id, the last characters of it, or DAG/ID where two DAGs have runs called so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain import Run
from bot.errors import Refusal, shorten
from bot.messages.phrases import count
from bot.station import Station
from bot.store import FollowedRun

LOOKED_THROUGH = 100  # runs, for one that is named by the end of its id
SHORTEST_TAIL = 4


async def find_run(station: Station, wanted: str) -> FollowedRun | None:
    """The run called `wanted`: one that the bot follows or followed, else one of Airflow's last.

    None where no run is called so, Refusal where several are. A run that the bot never followed comes in the same
    shape, without a requester. Airflow is asked only where the store doesn't know.
    """
    dag, slash, run_id = wanted.partition("/")
    dag, run_id = (dag, run_id) if slash else ("", wanted)
    for found in (await _named(station, dag, run_id), await _ending(station, dag, run_id)):
        if found:
            return _only(found, wanted)
    found = await _in_airflow(station, dag, run_id)
    return _only(found, wanted) if found else None


async def _named(station: Station, dag: str, run_id: str) -> list[FollowedRun]:
    return [each for each in await station.store.runs.named(run_id) if _of(each, dag)]


async def _ending(station: Station, dag: str, tail: str) -> list[FollowedRun]:
    latest = await station.store.runs.latest(limit=LOOKED_THROUGH)
    return [each for each in latest if _called(each.dag_run_id, tail) and _of(each, dag)]


async def _in_airflow(station: Station, dag: str, run_id: str) -> list[FollowedRun]:
    names = {model.dag_id: model.name for model in await station.catalogue.models()}
    runs = await station.orchestrator.recent_runs(list(names), LOOKED_THROUGH) if names else []
    found = [_unfollowed(names[run.dag_id], run) for run in runs if _called(run.run_id, run_id)]
    exact = [each for each in found if each.dag_run_id == run_id]
    return [each for each in exact or found if _of(each, dag)]


def _called(run_id: str, wanted: str) -> bool:
    return run_id == wanted or (len(wanted) >= SHORTEST_TAIL and run_id.endswith(wanted))


def _of(followed: FollowedRun, dag: str) -> bool:
    return dag in {"", followed.dag_id, followed.model}


def _only(found: Sequence[FollowedRun], wanted: str) -> FollowedRun:
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{each.dag_id}/{each.dag_run_id}" for each in found[:3])
    raise Refusal(
        f"{count(len(found), 'run')} are called “{shorten(wanted)}”.", hint=f"Give more of its id, such as {known}."
    )


def _unfollowed(model: str, run: Run) -> FollowedRun:
    """A run that the bot doesn't follow, in the shape of one that it does. Who asked for it is not known."""
    values = {name: value for name, value in run.conf.items() if name != "stationmaster"}
    begun = (run.queued or run.started or datetime.now(UTC)).timestamp()
    return FollowedRun(
        dag_id=run.dag_id, dag_run_id=run.run_id, model=model, origin="elsewhere", state=run.state, conf=values,
        created=begun,
    )  # fmt: skip

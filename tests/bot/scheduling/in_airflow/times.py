"""When Airflow itself would start runs: its own timetable, asked as its scheduler asks, with a clock that is told.

Reads `[[cron, zone, start, count], …]` from standard input, and writes for each the times in UTC. It runs in Airflow's
environment.
"""

import json
import sys

import pendulum
from airflow.timetables import trigger
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.trigger import CronTriggerTimetable


def times(cron: str, zone: str, start: str, count: int) -> list[str]:
    """The first `count` runs of a DAG with this start date and no catch-up.

    Airflow asks when a run has been made, and whenever it has read the file, every half a minute: so also a moment
    after the time that follows the last run, where what it was told first lies beyond that.
    """
    timetable = CronTriggerTimetable(cron, timezone=zone)
    begin = pendulum.parse(start)
    restriction = TimeRestriction(earliest=begin, latest=None, catchup=False)
    last, found = None, []

    def due(clock: pendulum.DateTime) -> pendulum.DateTime:
        trigger.utcnow = lambda: clock
        return timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction).run_after

    while len(found) < count:
        before = last.end if last else begin
        first, following = due(before.add(seconds=1)), timetable._get_next(before)
        again = due(following.add(seconds=15))
        fires = again if again <= following.add(seconds=15) else first
        found.append(fires.in_timezone("UTC").isoformat())
        last = DataInterval.exact(fires)
    return found


json.dump([times(*case) for case in json.load(sys.stdin)], sys.stdout)

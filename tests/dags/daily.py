"""A DAG with a schedule of its own: for backfills, and for what is paused and resumed."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import CronTriggerTimetable, dag, task


@dag(
    schedule=CronTriggerTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["stationmaster", "by-the-clock"],
    description="Sleeps a while, once a day",
)
def daily() -> None:
    @task
    def sleep() -> None:
        import time

        time.sleep(5)

    sleep()


daily()

"""`stationmaster check` of the schedules: what is kept, and whether Airflow reads it."""

from __future__ import annotations

from bot.check.schedules import look
from bot.errors import ServiceDown
from tests.bot.scheduling.kit import spec
from tests.fakes import FakeOrchestrator, FakeSpecs


async def test_schedules_that_are_read_are_good() -> None:
    """How many there are; nothing else is worth knowing."""
    airflow, specs = FakeOrchestrator(), FakeSpecs()
    airflow.read_specs(specs)
    await specs.put(spec(), 0)
    await airflow.parse("stationmaster_schedules")
    assert [str(finding) for finding in await look(specs, airflow)] == ["✓ schedules: 1 schedule kept"]
    assert {"put", "remove", "install"} & {call.name for call in specs.calls[1:]} == set()


async def test_what_is_odd_about_them_is_told() -> None:
    """A broken one, a store for a single writer, a file that Airflow hasn't got."""
    specs = FakeSpecs(single_writer=True)
    specs.break_by_hand("nightly", "no zone")
    assert [str(finding) for finding in await look(specs, FakeOrchestrator())] == [
        "✓ schedules: 0 schedules kept",
        "! schedule nightly: can't be read: no zone",
        "! schedules: an Airflow Variable is for a single writer: run one bot, and change it nowhere else",
        "! schedules: Airflow reads no stationmaster_schedules.py (it doesn't have it yet): "
        "see docs/install.md, Schedules",
    ]


async def test_a_store_that_can_not_be_read_is_bad() -> None:
    """In the store's own words."""
    specs = FakeSpecs()
    specs.fail_with(ServiceDown("AWS", "it can't be reached"))
    (finding,) = await look(specs, FakeOrchestrator())
    assert str(finding) == "✗ schedules: AWS doesn't answer right now. (AWS: it can't be reached)"

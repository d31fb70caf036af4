"""`audit` in Slack: each sees what they may, and no more."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from bot.store import AuditEntry
from tests.app.conftest import ADA, AUDREY, DANA, GUS, NOOR, OMAR, TRAINING, VERA, World
from tests.bot.jobs_kit import execute


@pytest.fixture
async def trail(world: World) -> World:
    """Rows of three people, about two models."""
    for number, (actor, name, model) in enumerate(
        ((DANA, "Dana", "delays"), (OMAR, "Omar", "delays"), (DANA, "Dana", "claims"), (OMAR, "Omar", "claims"))
    ):
        entry = AuditEntry(
            id=f"e{number}", actor=actor, actor_name=name, action="run", outcome="started", model=model,
            subject=f"slack__{number}",
        )  # fmt: skip
        await world.station.store.audit.append(entry)
    return world


async def shown(world: World, person: str, text: str) -> str:
    """What this person is shown, whole."""
    await world.type(person, text)
    return json.dumps(world.slack.ephemerals(person, TRAINING)[-1].blocks)


@pytest.mark.parametrize(
    ("person", "typed", "seen"),
    [
        (ADA, "audit", [0, 1, 2, 3]),
        (AUDREY, "audit", [0, 1, 2, 3]),
        (AUDREY, "audit delays", [0, 1]),
        (AUDREY, "audit @dana", [0, 2]),
        (AUDREY, "audit delays @dana", [0]),
        (AUDREY, "audit @dana delays", [0]),
        (OMAR, "audit", [0, 1, 3]),  # an owner's own model, and their own
        (OMAR, "audit delays", [0, 1]),
        (OMAR, "audit @dana", [0]),
        (DANA, "audit", [0, 2]),
        (DANA, "audit delays", [0]),
        (DANA, "audit @dana", [0, 2]),
        (VERA, "audit", []),
    ],
)
async def test_each_sees_what_they_may(trail: World, person: str, typed: str, seen: list[int]) -> None:
    """All, of one's own models, or one's own; newest first, and never more by asking."""
    page = await shown(trail, person, typed)
    found = [number for number in range(4) if f"slack__{number}" in page]
    assert found == seen
    assert [page.find(f"slack__{number}") for number in seen] == sorted(
        (page.find(f"slack__{number}") for number in seen), reverse=True
    )


@pytest.mark.parametrize("person", [DANA, VERA])
async def test_another_persons_rows_are_refused_and_that_is_written_down(trail: World, person: str) -> None:
    """In a sentence that says whose they are."""
    said = await trail.type(person, "audit @omar")
    assert "You may read your own rows of the audit trail" in said
    assert [(row.actor, row.outcome) for row in await trail.audit("audit")] == [(person, "refused")]


@pytest.mark.parametrize("person", [NOOR, GUS])
async def test_strangers_see_nothing(trail: World, person: str) -> None:
    """Who has no role here."""
    said = await trail.type(person, "audit")
    assert "slack__" not in said + trail.blocks(person)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("audit --since soon", "no span of time"),
        ("audit @nobody", "I don't know who"),
        ("audit delays @dana more", "I don't know what to do with"),
        ("audit nomodel", "I don't know the model"),
    ],
)
async def test_what_cannot_be_read_is_said(trail: World, typed: str, said: str) -> None:
    """With what can be."""
    assert said in await trail.type(AUDREY, typed)


async def test_since_leaves_out_what_is_older(trail: World) -> None:
    """By hours, days, weeks, or a day."""
    await execute(trail.station.store, sa.text("UPDATE audit SET at = at - 172800 WHERE id = 'e0'"))
    for since, seen in (("1d", False), ("36h", False), ("3d", True), ("1w", True), ("2020-01-01", True)):
        assert ("slack__0" in await shown(trail, AUDREY, f"audit --since {since}")) == seen, since


async def test_only_the_last_rows_fit(trail: World) -> None:
    """And how to see others is said. What rows say can't become markup."""
    for _ in range(30):
        entry = AuditEntry(
            actor=DANA, actor_name="<!channel> *Dana*", action="run", outcome="refused", detail={"why": "<@U1> no"}
        )
        await trail.station.store.audit.append(entry)
    page = await shown(trail, AUDREY, "audit")
    assert page.count("refused") == 20
    assert "Only the last 20 are shown" in page
    assert "<!channel>" not in page
    assert "<@U1>" not in page

"""What each table of the store keeps, and what it refuses."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
import sqlalchemy as sa

from bot.domain import RunKey
from bot.store import AuditEntry, CatalogueEntry, FollowedRun
from tests.bot.jobs_kit import opened

HOSTILE = "a'b\"c\\ \x00 \ud800 <!channel> {{ 6*7 }} \u202eback 🚂 %s :x ? "
KEY = RunKey("delays", "sm-1")


def followed(run_id: str = "sm-1", **changes: Any) -> FollowedRun:
    values = {"dag_id": "delays", "model": "delays", "origin": "command", "state": "queued", "conf": {}}
    return FollowedRun(dag_run_id=run_id, **values | changes)


async def test_a_run_is_kept_as_it_was_given(database: str) -> None:
    """Every field comes back, JSON with anything in it; the database sets the times."""
    async with opened(database) as store:
        given = followed(
            conf={HOSTILE: [1, 2.5, None, True, {"deep": HOSTILE}]},
            shown={"loss": math.inf},
            requested_by="U1", requested_by_name="Ada", channel="C1", card_channel="C2", card_ts="1.1",
            thread_ts="1.2", revision=3, mlflow_run_id="abc", version="7", job_id="j1",
        )  # fmt: skip
        assert await store.runs.add(given)
        kept = await store.runs.get(KEY)
        assert kept
        assert vars(kept) == vars(given) | {"created": kept.created, "updated": kept.updated}
        assert abs(kept.created - time.time()) < 5
        assert kept.key == KEY


async def test_a_known_run_is_not_followed_twice(database: str) -> None:
    """Adding it again changes nothing, whatever differs."""
    async with opened(database) as store:
        assert await store.runs.add(followed())
        assert not await store.runs.add(followed(state="failed", model="other"))
        kept = await store.runs.get(KEY)
        assert kept
        assert (kept.state, kept.model) == ("queued", "delays")


async def test_a_run_changes_only_from_the_revision_one_knows(database: str) -> None:
    """Of two writers who saw the same revision, the second is told so and changes nothing."""
    async with opened(database) as store:
        await store.runs.add(followed())
        assert await store.runs.change(KEY, at_revision=0, revision=1, state="running", shown={"a": 1})
        assert not await store.runs.change(KEY, at_revision=0, revision=1, state="failed")
        assert await store.runs.change(KEY, card_ts="1.1", shown=None)
        assert not await store.runs.change(RunKey("delays", "unknown"), state="failed")
        kept = await store.runs.get(KEY)
        assert kept
        assert (kept.state, kept.revision, kept.card_ts, kept.shown) == ("running", 1, "1.1", None)
        assert kept.updated >= kept.created


async def test_runs_are_found_by_what_people_ask_for(database: str) -> None:
    """Those still followed, oldest first; the last ones of all, a model, a person, newest first; one by its id."""
    async with opened(database) as store:
        for number in range(4):
            model, person = ("delays", "fares")[number % 2], ("U1", "U2")[number // 2]
            await store.runs.add(followed(f"r{number}", dag_id=model, model=model, requested_by=person))
        await store.runs.change(RunKey("fares", "r1"), ended=5.0)
        assert [run.dag_run_id for run in await store.runs.followed()] == ["r0", "r2", "r3"]
        assert [run.dag_run_id for run in await store.runs.latest(limit=3)] == ["r3", "r2", "r1"]
        assert [run.dag_run_id for run in await store.runs.latest(model="delays")] == ["r2", "r0"]
        assert [run.dag_run_id for run in await store.runs.latest(requested_by="U1", model="fares")] == ["r1"]
        assert [run.dag_id for run in await store.runs.named("r3")] == ["fares"]
        assert await store.runs.get(RunKey("delays", "r3")) is None


async def test_the_catalogue_is_replaced_whole(database: str) -> None:
    """A model that is gone is gone; a replacement that fails half-way leaves the old one."""
    async with opened(database) as store:
        first = [CatalogueEntry(model=name, entry={"n": name}, digest="1") for name in ("b", "a")]
        await store.catalogue.replace(first)
        assert [(row.model, row.entry, row.digest) for row in await store.catalogue.all()] == [
            ("a", {"n": "a"}, "1"), ("b", {"n": "b"}, "1"),
        ]  # fmt: skip
        broken = CatalogueEntry(model="c", entry={"not": object()}, digest="3")
        with pytest.raises(sa.exc.StatementError):
            await store.catalogue.replace([CatalogueEntry(model="a", entry={}, digest="3"), broken])
        assert [row.digest for row in await store.catalogue.all()] == ["1", "1"]
        await store.catalogue.replace([CatalogueEntry(model="b", entry={}, digest="2")])
        row = await store.catalogue.get("b")
        assert row
        assert (row.digest, row.entry) == ("2", {})
        assert abs(row.refreshed_at - time.time()) < 5
        assert await store.catalogue.get("a") is None
        await store.catalogue.replace([])
        assert await store.catalogue.all() == []


async def test_the_audit_trail_only_grows(database: str) -> None:
    """Entries are numbered upwards, one with a known id is ignored, and they come back in pages."""
    async with opened(database) as store:

        def entry(name: str) -> AuditEntry:
            return AuditEntry(
                id=name, actor="U1", actor_name=HOSTILE, action="run", outcome="refused", model="delays",
                subject="sm-1", detail={"why": HOSTILE}, job_id=None,
            )  # fmt: skip

        added = [await store.audit.append(entry(name)) for name in ("a", "b", "a", "c")]
        assert added == [True, True, False, True]
        rows = await store.audit.after(limit=2)
        assert [(row.seq, row.id) for row in rows] == [(1, "a"), (2, "b")]
        rows = await store.audit.after(rows[-1].seq)
        assert [(row.id, row.detail, row.seal) for row in rows] == [("c", {"why": HOSTILE}, None)]
        assert rows[0].actor_name == HOSTILE.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
        anonymous = AuditEntry(actor="U1", actor_name="Ada", action="help", outcome="done")
        assert anonymous.id != AuditEntry(actor="U1", actor_name="Ada", action="help", outcome="done").id


async def test_a_post_keeps_its_first_nonce(database: str) -> None:
    """A second attempt for the same key finds the first one's nonce, and its message once that is certain."""
    async with opened(database) as store:
        first = await store.posts.attempt("run j1", "U1", "nonce 1", 1.0)
        assert (first.nonce, first.ts) == ("nonce 1", None)
        assert await store.posts.attempt("run j1", "U1", "nonce 2", 2.0) == first
        await store.posts.posted("run j1", "D1", "1.1")
        again = await store.posts.attempt("run j1", "U1", "nonce 3", 3.0)
        assert (again.nonce, again.channel, again.ts, again.at) == ("nonce 1", "D1", "1.1", first.at)
        assert await store.posts.get("unknown") is None


async def test_a_post_is_tried_again_by_one(database: str) -> None:
    """Of those who know of the same attempt the first to note another gets it, unless it turned out to be posted."""
    async with opened(database) as store:
        tried = await store.posts.attempt("run j1", "U1", "nonce", 1.0)
        noted = [await store.posts.again(tried, at) for at in (2.0, 2.0, 3.0)]
        assert [(latest.at, ours) for latest, ours in noted] == [(2.0, True), (2.0, False), (2.0, False)]
        await store.posts.posted("run j1", "D1", "1.1")
        after, ours = await store.posts.again(noted[-1][0], 5.0)
        assert (after.at, after.ts, after.nonce, ours) == (2.0, "1.1", "nonce", False)

"""`check --live` on the stand-in Slack: it tries all, tells the answers, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bot.installing.live import NEXT, live
from bot.messages.render import Modal
from bot.settings.config import Settings
from demo.slack.standin import StandIn
from tests.app.conftest import DANA, ROOT, TRAINING, settings_for


class SmallModal(Modal):
    """A modal that needs no template."""

    template: ClassVar[str] = "none"
    words: str

    def render(self) -> dict[str, Any]:
        section = {"type": "section", "text": {"type": "plain_text", "text": self.words}}
        return {"type": "modal", "title": {"type": "plain_text", "text": "Small"}, "blocks": [section]}


def settings(slack: StandIn, folder: Path, **more: str) -> Settings:
    made: Settings = settings_for(slack, folder, ROOT / "demo" / "stationmaster.yaml", **more)
    return made


def made(slack: StandIn, method: str) -> int:
    """How often the method was called."""
    return sum(call.method == method for call in slack.calls)


async def test_every_message_is_tried_and_taken_away(tmp_path: Path) -> None:
    """Posted, edited, deleted; a channel may be given by its name."""
    async with StandIn(rate_limits=False) as slack:
        lines: list[str] = []
        before = slack.messages(TRAINING)
        status = await live(settings(slack, tmp_path), "#training", lines.append, pace=0, click_within=0.1)
        assert (status, lines[-1]) == (0, "Slack took everything"), lines
        assert slack.messages(TRAINING) == before
        tried = {line.split()[1] for line in lines if line.startswith("✓")}
        assert tried >= {"RunCard", "Refused", "HelpMessage", "HomeView"}
        posted = made(slack, "chat.update") + 1  # the button that opens modals is never edited
        assert made(slack, "chat.postMessage") == made(slack, "chat.delete") == posted >= 9


async def test_a_refusal_is_told_in_slacks_words(tmp_path: Path) -> None:
    """And the exit status says so; the rest is tried all the same."""
    async with StandIn(rate_limits=False) as slack:
        lines: list[str] = []
        assert await live(settings(slack, tmp_path), "C0GENERAL", lines.append, pace=0, click_within=0.1) == 1
        refused = [line for line in lines if line.startswith("✗")]
        assert len(refused) >= 7
        assert all("post: not_in_channel" in line and "edit: not posted" in line for line in refused)


async def test_a_modal_opens_at_a_click(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person who tries it is asked to; the button is gone afterwards."""
    monkeypatch.setattr("bot.installing.live.OWN", (__name__,))
    async with StandIn() as slack:
        lines: list[str] = []
        trying = asyncio.create_task(live(settings(slack, tmp_path), TRAINING, lines.append, pace=0, click_within=5))
        asked = await slack.wait_for(lambda: next(iter(slack.messages(TRAINING)), None))
        await slack.wait_for(lambda: slack.backend.sockets.connected)
        await slack.as_user(DANA).click(TRAINING, asked.ts, NEXT)
        assert await trying == 0, lines
        assert made(slack, "views.open") == 1
        assert any(line.startswith("✓ SmallModal") and "open: ok" in line for line in lines)
        assert slack.messages(TRAINING) == []


async def test_nobody_has_to_click(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while it goes on without, says so, and takes its button away."""
    monkeypatch.setattr("bot.installing.live.OWN", (__name__,))
    async with StandIn() as slack:
        lines: list[str] = []
        assert await live(settings(slack, tmp_path), TRAINING, lines.append, pace=0, click_within=0.2) == 0
        assert any(line.startswith("! the other modals were not opened: nobody clicked") for line in lines)
        assert slack.messages(TRAINING) == []


async def test_over_http_modals_are_validated_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their clicks go to the bot that runs."""
    monkeypatch.setattr("bot.installing.live.OWN", (__name__,))
    async with StandIn() as slack:
        lines: list[str] = []
        http = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "0" * 32}
        assert await live(settings(slack, tmp_path, **http), TRAINING, lines.append, pace=0) == 0
        assert any("over HTTP goes to the running bot" in line for line in lines)


async def test_a_refused_token_ends_it(tmp_path: Path) -> None:
    """In one line; nothing else is tried."""
    async with StandIn() as slack:
        lines: list[str] = []
        assert await live(settings(slack, tmp_path, SLACK_BOT_TOKEN="xoxb-other"), TRAINING, lines.append) == 1
        assert lines == ["✗ Slack refuses SLACK_BOT_TOKEN (invalid_auth); stationmaster check says more"]

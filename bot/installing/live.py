"""`stationmaster check --live CHANNEL`: everything that the bot can show, tried in a real workspace, and taken away.

What no test can tell is what Slack itself says of a message. So each one is posted, edited and deleted in a channel,
each home view published and each modal opened, all filled with made-up values, and Slack's answers are told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from bot.cloud import AwsCloud
from bot.conversation.commands import discover
from bot.installing.samples import ordinary
from bot.messages.render import Rendered, View, messages, views
from bot.settings.config import Settings, read_config
from bot.slack.clicks import Clicks
from bot.slack.workspace import Answer, Workspace

PACE = 1.3  # seconds from one message to the next: Slack takes a post a second a channel, and 50 edits a minute
CLICK_WITHIN = 120.0  # seconds that a person has for each click
NEXT = "check:next"  # the button's action id
OWN = ("bot.", "commands.")  # modules whose messages count

Say = Callable[[str], None]


class Trial:
    """One go through all, in one channel. `say` is given each line; `failed` counts what Slack refused."""

    def __init__(self, slack: Workspace, channel: str, say: Say, pace: float = PACE) -> None:
        self._slack, self._channel, self._say, self._pace = slack, channel, say, pace
        self._left: set[str] = set()  # the messages that stand in the channel
        self.failed = 0

    async def messages(self) -> None:
        """Validate, post, edit and delete a sample of every message."""
        for kind in _own(messages()):
            first, second = ordinary(2).fill(kind).render(), ordinary(1).fill(kind).render()
            validated = await self._slack.ask("blocks.validate", message=first.model_dump())
            posted = await self._post(first)
            edited, deleted = Answer("not posted"), Answer("not posted")
            if ts := str(posted.data.get("ts", "")):
                edited = await self._slack.ask("chat.update", channel=self._channel, ts=ts, **second.model_dump())
                deleted = await self._delete(ts)
            self._row(kind.__name__, validate=validated, post=posted, edit=edited, delete=deleted)
            await asyncio.sleep(self._pace)

    async def homes(self, person: str) -> None:
        """Validate every home view and publish it to this person; the last leaves an empty tab."""
        for kind in _own(views(), "home"):
            view = ordinary(2).fill(kind).render()
            validated = await self._slack.ask("blocks.validate", view=view)
            published = await self._slack.ask("views.publish", user_id=person, view=view)
            emptied = await self._slack.ask("views.publish", user_id=person, view={"type": "home", "blocks": []})
            self._row(kind.__name__, validate=validated, publish=published, empty=emptied)
            await asyncio.sleep(self._pace)

    async def validate_modals(self) -> None:
        """Have every modal looked at by Slack, without opening it."""
        for kind in _own(views(), "modal"):
            self._row(kind.__name__, validate=await self._slack.ask("blocks.validate", view=_modal(kind)))

    async def modals(self, clicks: Clicks, within: float) -> None:
        """Open every modal, one a click on a button in the channel. TimeoutError where nobody clicks."""
        kinds = _own(views(), "modal")
        for number, kind in enumerate(kinds, 1):
            asked = await self._post(_invitation(number, len(kinds)))
            self._say(f"  click “Open the next modal” in the channel ({number} of {len(kinds)}), and close it again")
            click = await asyncio.wait_for(clicks.next(), within)
            opened = await self._slack.ask("views.open", trigger_id=click.trigger_id, view=_modal(kind))
            self._row(kind.__name__, open=opened)
            await self._delete(str(asked.data.get("ts", "")))

    async def clean(self) -> None:
        """Take away what an interrupted trial has left."""
        for ts in sorted(self._left):
            await self._delete(ts)

    async def _post(self, message: Rendered) -> Answer:
        answer = await self._slack.ask("chat.postMessage", channel=self._channel, **message.model_dump())
        if not answer.error:
            self._channel = answer.data["channel"]  # the id, where a name was given
            self._left.add(answer.data["ts"])
        return answer

    async def _delete(self, ts: str) -> Answer:
        answer = await self._slack.ask("chat.delete", channel=self._channel, ts=ts)
        if answer.error in {"", "message_not_found"}:
            self._left.discard(ts)
        return answer

    def _row(self, name: str, **answers: Answer) -> None:
        told = {step: _told(answer) for step, answer in answers.items()}
        bad = any(words not in {"ok", "–"} for words in told.values())
        self.failed += bad
        self._say(f"{'✗' if bad else '✓'} {name:<16} " + "  ".join(f"{step}: {words}" for step, words in told.items()))


async def live(
    settings: Settings, channel: str, say: Say, *, pace: float = PACE, click_within: float = CLICK_WITHIN
) -> int:
    """Try everything; exit status 0 where Slack took all of it. It leaves nothing behind."""
    settings = await settings.fetched(AwsCloud())
    discover()
    async with Workspace(settings.slack_bot_token.get_secret_value(), str(settings.slack_api_url)) as slack:
        if refused := (await slack.ask("auth.test")).error:
            say(f"✗ Slack refuses SLACK_BOT_TOKEN ({refused}); stationmaster check says more")
            return 1
        trial = Trial(slack, channel, say, pace)
        try:
            await trial.messages()
            await _try_homes(trial, settings, say)
            await _try_modals(trial, slack, settings, say, click_within)
        finally:
            await trial.clean()
    say(f"{trial.failed} refused" if trial.failed else "Slack took everything")
    return 1 if trial.failed else 0


async def _try_homes(trial: Trial, settings: Settings, say: Say) -> None:
    admins = [each for each in read_config(settings.stationmaster_config).access.admins if each[0] in "UW"]
    if not _own(views(), "home"):
        return
    if admins:
        await trial.homes(admins[0])
    else:
        say("! the home tab was not tried: the configuration names no person as an admin, whose tab it could be")


async def _try_modals(trial: Trial, slack: Workspace, settings: Settings, say: Say, within: float) -> None:
    await trial.validate_modals()
    if not _own(views(), "modal"):
        return
    app_token = settings.slack_app_token.get_secret_value()
    if not app_token:
        say("! modals were not opened: each needs a click, which over HTTP goes to the running bot, not to this check")
        return
    async with AsyncExitStack() as stack:
        clicks = Clicks(slack.client, app_token, str(settings.slack_api_url), NEXT)
        await stack.enter_async_context(clicks)
        try:
            await trial.modals(clicks, within)
        except TimeoutError:
            say(f"! the other modals were not opened: nobody clicked within {within:g} s")


def _own(kinds: Any, surface: str = "") -> Sequence[Any]:
    """The bot's own messages, or its views of this kind, by name."""
    own = [kind for kind in kinds if kind.__module__.startswith(OWN)]
    return sorted((kind for kind in own if getattr(kind, "kind", "") == surface), key=lambda kind: kind.__name__)


def _modal(kind: type[View]) -> dict[str, Any]:
    return ordinary(2).fill(kind).render()


def _invitation(number: int, of: int) -> Rendered:
    text = f"Trying the bot's modals, {number} of {of}."
    button = {"type": "button", "action_id": NEXT, "text": {"type": "plain_text", "text": "Open the next modal"}}
    section = {"type": "section", "text": {"type": "plain_text", "text": text}}
    return Rendered(text=text, blocks=[section, {"type": "actions", "elements": [button]}])


def _told(answer: Answer) -> str:
    """Slack's answer in a cell; a dash where this Slack doesn't have the method."""
    if not answer.error:
        return "ok"
    return "–" if answer.error == "unknown_method" else answer.words

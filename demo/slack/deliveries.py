"""What people do, sent to the app: commands, clicks, forms, shortcuts, mentions."""

from collections.abc import Sequence
from typing import Any

from demo.slack.backend import Backend
from demo.slack.clicks import Clicks, find
from demo.slack.content import Content, read_content
from demo.slack.courier import send
from demo.slack.errors import SlackError
from demo.slack.events import RETRIES, Events
from demo.slack.inputs import Inputs
from demo.slack.messages import Message
from demo.slack.modals import Modals
from demo.slack.news import News
from demo.slack.outcome import Outcome
from demo.slack.payloads import Payloads
from demo.slack.states import Raw
from demo.slack.suggestions import Suggestions
from demo.slack.typed import escape_typed
from demo.slack.workspace import Conversation
from demo.slack.world import SLACKBOT

__all__ = ["Deliveries", "Outcome"]


class Deliveries:
    """Sends to the app what people do, and shows them what Slack shows when the app does not answer.

    Every method raises SlackError for what the person could not have done.
    """

    def __init__(self, backend: Backend, retry_seconds: Sequence[float] = RETRIES) -> None:
        self._backend = backend
        self._payloads = Payloads(backend)
        self._suggestions = Suggestions(backend, self._payloads)
        self._clicks = Clicks(backend, self._payloads, self._suggestions)
        self._modals = Modals(backend, self._payloads, self._suggestions)
        self.events = Events(backend, retry_seconds)
        self._news = News(backend, self.events)

    # Commands and shortcuts

    async def slash(self, user: str, channel: str, typed: str) -> Outcome:
        """A slash command as typed, with its slash. An unknown one is answered by Slackbot."""
        conversation = self._seen_by(user, channel)
        name, text = [*typed.split(maxsplit=1), "", ""][:2]
        command = self._backend.world.command(name)
        if command is None:
            self._slackbot(user, conversation, f"`{name}` is not a valid command.")
            return Outcome(acked=False, error="unknown_command")
        text = escape_typed(text, self._backend.world) if command.should_escape else text
        payload = self._payloads.slash(user, conversation, name, text.strip())
        outcome = await send(self._backend, "slash_commands", payload)
        failure = self._shown_answer(user, conversation, outcome)
        if failure is not None:
            self._slackbot(user, conversation, f"`{name}` failed {failure}")
        return outcome

    async def shortcut(
        self, user: str, callback_id: str, *, channel: str | None = None, ts: str | None = None
    ) -> Outcome:
        """A shortcut of the app: from a message's menu where `channel` and `ts` name one, else a global one.

        Raises SlackError: shortcut_not_found, message_not_found.
        """
        kind = "global" if ts is None else "message"
        if (callback_id, kind) not in {(each.callback_id, each.type) for each in self._backend.world.app.shortcuts}:
            raise SlackError("shortcut_not_found")
        if ts is None:
            return await send(self._backend, "interactive", self._payloads.shortcut(user, callback_id))
        conversation, message = self._message(user, channel or "", ts)
        if message.shown_to is not None:
            raise SlackError("message_not_found")
        payload = self._payloads.message_shortcut(user, callback_id, conversation, message)
        return await send(self._backend, "interactive", payload)

    # Messages

    async def action(
        self, user: str, channel: str, ts: str, action_id: str, *, block_id: str | None = None, value: Raw = None
    ) -> Outcome:
        """A click on an element of a message; `value` is what was chosen in a menu, as a browser has it.

        Raises SlackError: message_not_found, action_not_found, option_not_found, invalid_value.
        """
        conversation, message = self._message(user, channel, ts)
        return await self._clicks.on_message(user, conversation, message, action_id, block_id, value)

    async def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """A person's message; the app hears of it if it is mentioned, written to, or a link of its own is in it."""
        conversation = self._seen_by(user, channel)
        if not text.strip():
            raise SlackError("no_text")
        content = Content(escape_typed(text, self._backend.world, labels=False), [])
        message = self._backend.workspace.post(conversation.id, user, content, thread_ts=thread_ts)
        self._news.said(conversation, message)
        return message

    # Modals and the home tab

    async def open_home(self, user: str) -> None:
        """The person looks at the app's home tab."""
        self._news.home_opened(user)

    async def view_action(
        self,
        user: str,
        view_id: str,
        action_id: str,
        *,
        block_id: str | None = None,
        value: Raw = None,
        inputs: Inputs | None = None,
    ) -> Outcome:
        """A click on an element of a modal or the home tab; `inputs` is what the form holds at that moment.

        Raises SlackError: view_not_found, action_not_found, option_not_found, invalid_value.
        """
        return await self._clicks.on_view(user, view_id, action_id, block_id, value, inputs)

    async def submit(self, user: str, view_id: str, inputs: Inputs) -> Outcome:
        """Press a modal's submit button. `inputs` holds raw values by block_id and action_id.

        Raw is what a browser has: text, values of options, ISO dates, HH:MM, epoch seconds, ids; lists where several
        can be chosen; None or "" for nothing. What `inputs` leaves out keeps the value that it had.
        """
        return await self._modals.submit(user, view_id, inputs)

    async def close(self, user: str, view_id: str, *, all: bool = False) -> Outcome:  # noqa: A002 - reads best so
        """Close a modal, or with `all` every modal; the app hears of it where it asked to."""
        return await self._modals.close(user, view_id, everything=all)

    async def suggest(
        self,
        user: str,
        action_id: str,
        text: str,
        *,
        view_id: str | None = None,
        channel: str | None = None,
        ts: str | None = None,
        block_id: str | None = None,
    ) -> list[dict[str, Any]]:
        """Options, or groups of options, that the app suggests for what was typed into an external menu.

        Raises SlackError: action_not_found, view_not_found, message_not_found, options_not_loaded.
        """
        if view_id is not None:
            view = self._backend.views.shown(user, view_id)
            found, where, place = find(view["blocks"], action_id, block_id), view_id, self._payloads.on_view(view)
        else:
            conversation, message = self._message(user, channel or "", ts or "")
            found, where = find(message.blocks, action_id, block_id), f"{message.channel}/{message.ts}"
            place = self._payloads.on_message(conversation, message)
        return await self._suggestions.ask(user, where, place, *found, text)

    # What an app answers

    def respond(self, channel: str, user: str, body: dict[str, Any]) -> Message:
        """Post an app's direct answer to an interaction: ephemeral unless it says `in_channel`."""
        content = read_content(body)
        shown_to = None if body.get("response_type") == "in_channel" else user
        bot = self._backend.world.app.bot_user
        return self._backend.workspace.post(channel, bot, content, thread_ts=body.get("thread_ts"), shown_to=shown_to)

    def _shown_answer(self, user: str, conversation: Conversation, outcome: Outcome) -> str | None:
        """Post what a slash command was acknowledged with; else how Slack puts its failure."""
        if outcome.error == "timeout":
            return "because the app did not respond."
        if not outcome.acked:
            code = outcome.error if str(outcome.error).startswith("http_") else "dispatch_failed"
            return f'with the error "{code}"'
        try:
            if outcome.payload:
                self.respond(conversation.id, user, outcome.payload)
        except SlackError as exc:
            return f'with the error "{exc.code}"'
        return None

    def _seen_by(self, user: str, channel: str) -> Conversation:
        conversation = self._backend.workspace.conversation(channel)
        if user not in conversation.members:
            raise SlackError("not_in_channel")
        return conversation

    def _message(self, user: str, channel: str, ts: str) -> tuple[Conversation, Message]:
        conversation = self._seen_by(user, channel)
        message = self._backend.workspace.find(conversation.id, ts)
        if message is None or message.shown_to not in (None, user):
            raise SlackError("message_not_found")
        return conversation, message

    def _slackbot(self, user: str, conversation: Conversation, text: str) -> None:
        self._backend.workspace.post(conversation.id, SLACKBOT, Content(text, []), shown_to=user)

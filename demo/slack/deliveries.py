"""What people do, sent to the app: slash commands and clicks on messages."""

import time
from dataclasses import dataclass
from typing import Any

from demo.slack.backend import Backend
from demo.slack.blocks.check import interactive_elements
from demo.slack.content import Content, read_content
from demo.slack.errors import SlackError
from demo.slack.feed import Change
from demo.slack.messages import Message
from demo.slack.socket_mode import Kind, NotDelivered
from demo.slack.typed import escape_typed
from demo.slack.workspace import Conversation
from demo.slack.world import SLACKBOT

TOKEN = "verification-token"  # noqa: S105 - Slack's long-retired verification token: always sent, never secret


@dataclass(frozen=True)
class Outcome:
    """How a delivery ended: acknowledged or not, with what payload, after how many seconds."""

    acked: bool
    seconds: float = 0.0
    payload: dict[str, Any] | None = None
    error: str | None = None


class Deliveries:
    """Sends to the app what people do, and shows them what Slack shows when the app does not answer."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def slash(self, user: str, channel: str, typed: str) -> Outcome:
        """A slash command as typed, with its slash. An unknown one is answered by Slackbot."""
        conversation = self._seen_by(user, channel)
        name, _, text = typed.strip().partition(" ")
        command = self._backend.world.command(name)
        if command is None:
            self._slackbot(user, conversation, f"`{name}` is not a valid command.")
            return Outcome(acked=False, error="unknown_command")
        text = escape_typed(text.strip(), self._backend.world) if command.should_escape else text.strip()
        outcome = await self._send("slash_commands", self._slash_payload(user, conversation, name, text))
        failure = self._shown_answer(user, conversation, outcome)
        if failure is not None:
            self._slackbot(user, conversation, f"`{name}` failed {failure}")
        return outcome

    async def action(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        block_id: str | None = None,
        value: str | None = None,
    ) -> Outcome:
        """A click on an element of a message; `value` is the option chosen in a menu.

        Raises SlackError: message_not_found, action_not_found, option_not_found.
        """
        conversation = self._seen_by(user, channel)
        message = self._backend.workspace.find(conversation.id, ts)
        if message is None or message.shown_to not in (None, user):
            raise SlackError("message_not_found")
        action = _action(message, action_id, block_id, value)
        outcome = await self._send("interactive", self._action_payload(user, conversation, message, action))
        if not outcome.acked:
            self._backend.feed.publish(Change("warned", message.channel, ts, message.thread_ts, user))
        return outcome

    def respond(self, channel: str, user: str, body: dict[str, Any]) -> Message:
        """Post an app's direct answer to an interaction: ephemeral unless it says `in_channel`."""
        content = read_content(body)
        shown_to = None if body.get("response_type") == "in_channel" else user
        bot = self._backend.world.app.bot_user
        return self._backend.workspace.post(channel, bot, content, thread_ts=body.get("thread_ts"), shown_to=shown_to)

    async def _send(self, kind: Kind, payload: dict[str, Any]) -> Outcome:
        started = time.perf_counter()
        try:
            ack = await self._backend.sockets.deliver(kind, payload)
        except NotDelivered:
            return Outcome(acked=False, error="not_connected")
        except TimeoutError:
            return Outcome(acked=False, seconds=time.perf_counter() - started, error="timeout")
        return Outcome(acked=True, seconds=ack.seconds, payload=ack.payload)

    def _shown_answer(self, user: str, conversation: Conversation, outcome: Outcome) -> str | None:
        """Post what a slash command was acknowledged with; else how Slack puts its failure."""
        if outcome.error == "timeout":
            return "because the app did not respond."
        if not outcome.acked:
            return 'with the error "dispatch_failed"'
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

    def _slackbot(self, user: str, conversation: Conversation, text: str) -> None:
        self._backend.workspace.post(conversation.id, SLACKBOT, Content(text, []), shown_to=user)

    def _slash_payload(self, user: str, conversation: Conversation, command: str, text: str) -> dict[str, Any]:
        world = self._backend.world
        return {
            "token": TOKEN,
            "team_id": world.team.id,
            "team_domain": world.team.domain,
            "channel_id": conversation.id,
            "channel_name": "directmessage" if conversation.im_with else conversation.name,
            "user_id": user,
            "user_name": world.users[user].name,
            "command": command,
            "text": text,
            "api_app_id": world.app.id,
            "is_enterprise_install": "false",
            "response_url": self._response_url(conversation.id, user),
            "trigger_id": self._backend.triggers.issue(user),
        }

    def _action_payload(
        self, user: str, conversation: Conversation, message: Message, action: dict[str, Any]
    ) -> dict[str, Any]:
        world = self._backend.world
        ephemeral = message.shown_to is not None
        container = {"type": "message", "message_ts": message.ts, "channel_id": message.channel,
                     "is_ephemeral": ephemeral}  # fmt: skip
        if message.is_reply:
            container["thread_ts"] = message.thread_ts or ""
        payload: dict[str, Any] = {
            "type": "block_actions",
            "token": TOKEN,
            "api_app_id": world.app.id,
            "team": {"id": world.team.id, "domain": world.team.domain},
            "enterprise": None,
            "is_enterprise_install": False,
            "user": {"id": user, "username": world.users[user].name, "name": world.users[user].name,
                     "team_id": world.team.id},
            "channel": {"id": conversation.id,
                        "name": "directmessage" if conversation.im_with else conversation.name},
            "container": container,
            "actions": [action],
            "state": {"values": _state(message, action)},
            "response_url": self._response_url(conversation.id, user, message.ts),
            "trigger_id": self._backend.triggers.issue(user),
        }  # fmt: skip
        if not ephemeral:
            replies = self._backend.workspace.replies(message.channel, message.ts)
            payload["message"] = message.to_slack(world.team.id, replies=replies, with_metadata=True)
        return payload

    def _response_url(self, channel: str, user: str, ts: str | None = None) -> str:
        return self._backend.url + self._backend.response_urls.issue(channel, user, ts)


def _action(message: Message, action_id: str, block_id: str | None, value: str | None) -> dict[str, Any]:
    """The entry of `actions` for an element: what it is, what was chosen, and when."""
    for block in message.blocks:
        for element in interactive_elements(block):
            if element["action_id"] == action_id and block_id in (None, block["block_id"]):
                action = {"type": element["type"], "action_id": action_id, "block_id": block["block_id"]}
                return action | _chosen(element, value) | {"action_ts": f"{time.time():.6f}"}
    raise SlackError("action_not_found")


def _chosen(element: dict[str, Any], value: str | None) -> dict[str, Any]:
    if element["type"] == "button":
        return {key: element[key] for key in ("text", "value", "style", "url") if key in element}
    if element["type"] in ("overflow", "static_select", "radio_buttons"):
        return {"selected_option": _option(element, value)}
    raise SlackError("action_not_found")


def _option(element: dict[str, Any], value: str | None) -> dict[str, Any]:
    groups = element.get("option_groups") or [element]
    for option in (option for group in groups for option in group["options"]):
        if option["value"] == value:
            return dict(option)
    raise SlackError("option_not_found")


def _state(message: Message, action: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The values of the message's menus: the one just chosen, and the others' initial ones."""
    values: dict[str, dict[str, Any]] = {}
    for block in message.blocks:
        for element in interactive_elements(block):
            if element["type"] not in ("static_select", "radio_buttons"):
                continue
            acted = (block["block_id"], element["action_id"]) == (action["block_id"], action["action_id"])
            chosen = action["selected_option"] if acted else element.get("initial_option")
            state = {"type": element["type"], "selected_option": chosen}
            values.setdefault(block["block_id"], {})[element["action_id"]] = state
    return values

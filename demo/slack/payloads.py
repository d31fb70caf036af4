"""The payloads that Slack sends for what people do, shaped as in Slack's reference of interaction payloads."""

import time
from typing import Any

from demo.slack.backend import Backend
from demo.slack.messages import Message
from demo.slack.states import Values
from demo.slack.views import View
from demo.slack.workspace import Conversation

TOKEN = "verification-token"  # noqa: S105 - Slack's long-retired verification token: always sent, never secret
Payload = dict[str, Any]


class Payloads:
    """Makes payloads; most come with a fresh trigger id, and where Slack gives one, a response URL."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def slash(self, user: str, conversation: Conversation, command: str, text: str) -> Payload:
        """A slash command."""
        world = self._backend.world
        return {
            "token": TOKEN,
            "team_id": world.team.id,
            "team_domain": world.team.domain,
            "channel_id": conversation.id,
            "channel_name": _name(conversation),
            "user_id": user,
            "user_name": world.users[user].name,
            "command": command,
            "text": text,
            "api_app_id": world.app.id,
            "is_enterprise_install": "false",
            "response_url": self._response_url(conversation.id, user),
            "trigger_id": self._backend.triggers.issue(user),
        }

    def message_click(
        self, user: str, conversation: Conversation, message: Message, action: Payload, values: Values
    ) -> Payload:
        """`block_actions` of a message."""
        return self._interaction("block_actions", user) | {
            **self._on_message(conversation, message),
            "state": {"values": values},
            "response_url": self._response_url(conversation.id, user, message.ts),
            "actions": [action],
        }

    def view_click(self, user: str, view: View, action: Payload) -> Payload:
        """`block_actions` of a modal or a home tab."""
        return self._interaction("block_actions", user) | {**_on_view(view), "actions": [action]}

    def submission(self, user: str, view: View) -> Payload:
        """`view_submission`; a response URL for each conversation that was chosen to answer to."""
        return self._interaction("view_submission", user) | {
            "view": view,
            "response_urls": list(self._response_urls(user, view)),
        }

    def closed(self, user: str, view: View, *, is_cleared: bool) -> Payload:
        """`view_closed`; it has no trigger id, and nothing of what was filled in."""
        emptied = view | {"state": {"values": {}}}
        payload = self._interaction("view_closed", user) | {"view": emptied, "is_cleared": is_cleared}
        del payload["trigger_id"]
        return payload

    def suggestion(self, user: str, place: Payload, action_id: str, block_id: str, text: str) -> Payload:
        """`block_suggestion`; `place` is `on_view` or `on_message`. It has no trigger id."""
        asked = {"action_id": action_id, "block_id": block_id, "value": text}
        payload = self._interaction("block_suggestion", user) | asked | place
        del payload["trigger_id"]
        return payload

    def shortcut(self, user: str, callback_id: str) -> Payload:
        """A global shortcut: no channel, no response URL."""
        return self._interaction("shortcut", user) | {"callback_id": callback_id, "action_ts": _now()}

    def message_shortcut(self, user: str, callback_id: str, conversation: Conversation, message: Message) -> Payload:
        """`message_action`: a shortcut from a message's menu. Its response URL can't change that message."""
        place = self._on_message(conversation, message)
        return self._interaction("message_action", user) | {
            "callback_id": callback_id,
            "channel": place["channel"],
            "message": place["message"],
            "message_ts": message.ts,
            "response_url": self._response_url(conversation.id, user),
            "action_ts": _now(),
        }

    def on_message(self, conversation: Conversation, message: Message) -> Payload:
        """Where something happened: a message."""
        return self._on_message(conversation, message)

    def on_view(self, view: View) -> Payload:
        """Where something happened: a modal or a home tab."""
        return _on_view(view)

    def _interaction(self, kind: str, user: str) -> Payload:
        world = self._backend.world
        name = world.users[user].name
        return {
            "type": kind,
            "token": TOKEN,
            "api_app_id": world.app.id,
            "team": {"id": world.team.id, "domain": world.team.domain},
            "enterprise": None,
            "is_enterprise_install": False,
            "user": {"id": user, "username": name, "name": name, "team_id": world.team.id},
            "trigger_id": self._backend.triggers.issue(user),
        }

    def _on_message(self, conversation: Conversation, message: Message) -> Payload:
        ephemeral = message.shown_to is not None
        container = {"type": "message", "message_ts": message.ts, "channel_id": message.channel,
                     "is_ephemeral": ephemeral}  # fmt: skip
        if message.is_reply:
            container["thread_ts"] = message.thread_ts or ""
        place: Payload = {
            "container": container,
            "channel": {"id": conversation.id, "name": _name(conversation)},
        }
        if not ephemeral:
            replies = self._backend.workspace.replies(message.channel, message.ts)
            place["message"] = message.to_slack(self._backend.world.team.id, replies=replies, with_metadata=True)
        return place

    def _response_url(self, channel: str, user: str, ts: str | None = None) -> str:
        return self._backend.url + self._backend.response_urls.issue(channel, user, ts)

    def _response_urls(self, user: str, view: View) -> Any:
        for block in view["blocks"]:
            element = block.get("element") or {}
            if element.get("response_url_enabled"):
                chosen = view["state"]["values"][block["block_id"]][element["action_id"]]
                channel = chosen.get("selected_conversation") or chosen.get("selected_channel")
                if channel:
                    yield {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": channel,
                        "response_url": self._response_url(channel, user),
                    }


def _on_view(view: View) -> Payload:
    return {"container": {"type": "view", "view_id": view["id"]}, "view": view}


def _name(conversation: Conversation) -> str:
    return "directmessage" if conversation.im_with else conversation.name


def _now() -> str:
    return f"{time.time():.6f}"

"""Which events a person's doings are, if the app subscribed to them and may know of them."""

import re
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from demo.slack.backend import Backend
from demo.slack.events import Events
from demo.slack.messages import Message
from demo.slack.workspace import Conversation

SCOPES = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "link_shared": "links:read",
    "message.im": "im:history",
}
_LINK = re.compile(r"<(https?://[^>|]+)(?:\|[^>]*)?>")


class News:
    """Turns what happened into events, and has them sent."""

    def __init__(self, backend: Backend, events: Events) -> None:
        self._backend = backend
        self._events = events

    def home_opened(self, user: str) -> None:
        """A person looked at the app's home tab: `app_home_opened`, with the view that is there."""
        channel = self._backend.workspace.conversation(user).id
        event: dict[str, Any] = {"type": "app_home_opened", "user": user, "channel": channel, "tab": "home"}
        if (view := self._backend.views.home(user)) is not None:
            event["view"] = view
        self._emit("app_home_opened", event | {"event_ts": _ts()})

    def said(self, conversation: Conversation, message: Message) -> None:
        """A person wrote a message: none, one or several events."""
        app = self._backend.world.app
        body = message.to_slack(self._backend.world.team.id)
        here = {"channel": conversation.id, "event_ts": message.ts}
        member = app.bot_user in conversation.members
        if conversation.im_with is not None and member:
            self._emit("message.im", body | here | {"channel_type": "im"})
        elif member and f"<@{app.bot_user}>" in message.text:
            self._emit("app_mention", body | here | {"type": "app_mention"})
        if links := self._links(message.text):
            self._emit("link_shared", self._shared(conversation, message, links))

    def _links(self, text: str) -> list[dict[str, str]]:
        domains = self._backend.world.app.unfurl_domains
        found = []
        for url in dict.fromkeys(_LINK.findall(text)):
            host = urlsplit(url).hostname or ""
            if any(host == domain or host.endswith(f".{domain}") for domain in domains):
                found.append({"domain": host, "url": url})
        return found

    def _shared(self, conversation: Conversation, message: Message, links: list[dict[str, str]]) -> dict[str, Any]:
        event = {
            "type": "link_shared",
            "channel": conversation.id,
            "is_bot_user_member": self._backend.world.app.bot_user in conversation.members,
            "user": message.user,
            "message_ts": message.ts,
            "unfurl_id": f"{conversation.id}.{message.ts}.{secrets.token_hex(32)}",
            "source": "conversations_history",
            "links": links,
            "event_ts": message.ts,
        }
        return event | ({"thread_ts": message.thread_ts} if message.thread_ts else {})

    def _emit(self, name: str, event: dict[str, Any]) -> None:
        app = self._backend.world.app
        if name in app.events and SCOPES[name] in (None, *app.scopes):
            self._events.emit(event)


def _ts() -> str:
    return f"{time.time():.6f}"

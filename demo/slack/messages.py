"""A message as the stand-in keeps it, and as Slack shows it to an app."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel


class Message(BaseModel):
    """One message. `shown_to` is the only person who sees an ephemeral one; None means everybody.

    `files` are what was uploaded with it, `attachments` the previews that an app gave to its links, each in Slack's
    own shape.
    """

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[dict[str, Any]] = []
    thread_ts: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    metadata: dict[str, Any] | None = None
    files: list[dict[str, Any]] = []
    attachments: list[dict[str, Any]] = []
    edited_ts: str | None = None
    shown_to: str | None = None

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread below another message."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    def to_slack(self, team: str, *, replies: Sequence["Message"] = (), with_metadata: bool = False) -> dict[str, Any]:
        """The message as `conversations.history` gives it; with `replies` it is a thread's parent."""
        body: dict[str, Any] = {"type": "message", "user": self.user, "ts": self.ts, "team": team}
        body["text"] = self.text
        optional = {
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "blocks": self.blocks or None,
            "files": self.files or None,
            "attachments": self.attachments or None,
            "thread_ts": self.ts if replies else self.thread_ts,
            "edited": {"user": self.user, "ts": self.edited_ts} if self.edited_ts else None,
            "metadata": self.metadata if with_metadata else None,
        }
        body |= {key: value for key, value in optional.items() if value is not None}
        if replies:
            body |= _thread_summary(replies)
        return body


def _thread_summary(replies: Sequence[Message]) -> dict[str, Any]:
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "reply_count": len(replies),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
    }

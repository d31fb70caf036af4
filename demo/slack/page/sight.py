"""What one person may see: their conversations, the messages in them, an open thread."""

import time
from collections.abc import Sequence

from aiohttp import web

from demo.slack.backend import Backend
from demo.slack.messages import Message
from demo.slack.page.reader import Reader
from demo.slack.workspace import Conversation


class Sight:
    """Reads the workspace through a person's eyes."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def reader(self, user: str) -> Reader:
        """Who looks, now; raises HTTPNotFound for somebody who is not of this workspace."""
        world = self._backend.world
        person = next((person for person in world.people if person.id == user), None)
        if person is None:
            raise web.HTTPNotFound(text="No such person here.")
        return Reader(person, world, time.time())

    def conversation(self, reader: Reader, channel: str) -> Conversation:
        """The conversation asked for, if it is in the sidebar; else the first that its reader is in."""
        mine = self._backend.workspace.conversations_of(reader.person.id)
        return next((each for each in mine if each.id == channel), mine[0])

    def direct(self, reader: Reader, other: str) -> Conversation:
        """The direct message with another person; raises HTTPNotFound where there is nobody."""
        return self._backend.workspace.group({reader.person.id, self.reader(other).person.id})

    def messages(self, reader: Reader, conversation: Conversation) -> list[Message]:
        """What the reader sees outside threads, oldest first; nothing where they are no member."""
        if reader.person.id not in conversation.members:
            return []
        workspace = self._backend.workspace
        private = workspace.ephemerals(reader.person.id, conversation.id)
        shown = [message for message in private if not message.is_reply]
        return _by_time([*workspace.history(conversation.id), *shown])

    def thread(self, reader: Reader, conversation: Conversation, ts: str | None) -> list[Message]:
        """An open thread: its parent, then its replies; empty where none is open."""
        workspace = self._backend.workspace
        parent = workspace.find(conversation.id, ts) if ts else None
        if parent is None or parent.shown_to is not None or reader.person.id not in conversation.members:
            return []
        private = workspace.ephemerals(reader.person.id, conversation.id)
        replies = workspace.replies(conversation.id, parent.ts)
        return [parent, *_by_time([*replies, *(each for each in private if each.thread_ts == ts)])]

    def message(self, reader: Reader, channel: str, ts: str) -> Message | None:
        """A message that this reader sees, or None."""
        for conversation in self._backend.workspace.conversations_of(reader.person.id):
            if conversation.id == channel and reader.person.id in conversation.members:
                message = self._backend.workspace.find(channel, ts)
                return message if message and message.shown_to in (None, reader.person.id) else None
        return None


def _by_time(messages: Sequence[Message]) -> list[Message]:
    return sorted(messages, key=lambda message: message.ts)

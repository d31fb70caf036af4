"""Up to where each person has read: what the sidebar's marks are made of."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from demo.slack.messages import Message
from demo.slack.page.names import is_direct
from demo.slack.workspace import Conversation, Workspace
from demo.slack.world import Person

_PARENTS = 200  # replies are looked for below this many of the newest messages


@dataclass(frozen=True)
class Mark:
    """Whether something is unread, and how many of it mention the person."""

    any: bool = False
    mentions: int = 0


class Unread:
    """Remembers while the server runs; a conversation that a person never opened is unread from its start."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._read: dict[tuple[str, str], str] = defaultdict(str)

    def read(self, person: Person, conversation: Conversation) -> None:
        """The person has seen everything that is there."""
        newest = max((message.ts for message in self._seen(person, conversation)), default="")
        key = person.id, conversation.id
        self._read[key] = max(self._read[key], newest)

    def mark(self, person: Person, conversation: Conversation) -> Mark:
        """What the sidebar shows beside a conversation."""
        last = self._read[person.id, conversation.id]
        found = [message for message in self._seen(person, conversation) if message.ts > last]
        new = [message for message in found if message.user != person.id]
        told = sum(is_direct(conversation) or self.mentions(message, person) for message in new)
        return Mark(told > 0 or any(not message.is_reply for message in new), told)

    def mentions(self, message: Message, person: Person) -> bool:
        """Whether a message calls the person: by name, by a group of theirs, or everybody."""
        said = message.text + json.dumps(message.blocks)
        groups = [group.id for group in self._workspace.world.groups if person.id in group.users]
        calls = [f"<@{person.id}", f'"user_id": "{person.id}"', "<!channel", "<!here", "<!everyone", '"broadcast"']
        calls += [call for group in groups for call in (f"<!subteam^{group}", f'"usergroup_id": "{group}"')]
        return any(call in said for call in calls)

    def _seen(self, person: Person, conversation: Conversation) -> Iterator[Message]:
        """What the person sees there, replies and what is for them alone included."""
        if person.id not in conversation.members:
            return
        yield from self._workspace.ephemerals(person.id, conversation.id)
        for message in islice(reversed(self._workspace.history(conversation.id)), _PARENTS):
            yield message
            yield from self._workspace.replies(conversation.id, message.ts)

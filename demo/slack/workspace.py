"""The changing part of a workspace: its messages, threads, ephemerals and conversations."""

import hashlib
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from demo.slack.archive import Archive
from demo.slack.content import Content
from demo.slack.conversation import Conversation
from demo.slack.errors import SlackError
from demo.slack.feed import Change, Feed
from demo.slack.messages import Message
from demo.slack.world import World

__all__ = ["Clock", "Conversation", "Workspace"]
Clock = Callable[[], float]


@dataclass
class _Log:
    """One conversation's messages by ts, with its threads in order."""

    messages: dict[str, Message] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    threads: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, message: Message) -> None:
        if message.is_reply:
            insort(self.threads[message.thread_ts or ""], message.ts)
        else:
            insort(self.order, message.ts)
        self.messages[message.ts] = message

    def drop(self, message: Message) -> None:
        order = self.threads[message.thread_ts or ""] if message.is_reply else self.order
        order.remove(message.ts)
        del self.messages[message.ts]


class Workspace:
    """Messages and who may see them. Reads give live objects; only this class changes them."""

    def __init__(self, world: World, archive: Archive, feed: Feed, clock: Clock) -> None:
        self.world = world
        self._archive = archive
        self._feed = feed
        self._clock = clock
        self._logs: dict[str, _Log] = defaultdict(_Log)
        self._ephemerals: dict[str, _Log] = defaultdict(_Log)
        self._last_ts = 0
        made = (*self._channels(), *self._direct_messages(), *archive.conversations())
        self._conversations = {conversation.id: conversation for conversation in made}
        for message in archive.load():
            self._logs[message.channel].add(message)
            self._last_ts = max(self._last_ts, int(message.ts.replace(".", "")))

    def _channels(self) -> Iterable[Conversation]:
        for channel in self.world.channels:
            yield Conversation.model_validate(channel.model_dump())

    def _direct_messages(self) -> Iterable[Conversation]:
        bot = self.world.app.bot_user
        for person in (*self.world.people, *self.world.others):
            if not person.is_bot:
                members = frozenset((person.id, bot))
                name = self.world.app.name
                yield Conversation(id=f"D{person.id[1:]}", name=name, members=members, im_with=person.id)

    # Conversations

    def conversation(self, ref: str) -> Conversation:
        """By id, by #name, or by a person's id for their direct message; raises channel_not_found."""
        by_name = self.world.names.get(ref.removeprefix("#"), ref)
        by_person = f"D{ref[1:]}" if ref.startswith("U") else by_name
        found = self._conversations.get(by_person)
        if found is None:
            raise SlackError("channel_not_found")
        return found

    def conversations(self) -> list[Conversation]:
        """All there are: the world's channels first, then direct messages."""
        return list(self._conversations.values())

    def conversations_of(self, user: str) -> list[Conversation]:
        """What that person has in the sidebar: the workspace's own public channels and those they are in, then DMs."""
        living = [c for c in self._conversations.values() if not c.is_archived]
        return [c for c in living if user in c.members or (c.kind == "public_channel" and not c.shared_with)]

    def join(self, channel: str, user: str) -> Conversation:
        """Make someone a member."""
        return self._keep(channel, members=self._conversations[channel].members | {user})

    def leave(self, channel: str, user: str) -> Conversation:
        """Make someone a member no longer."""
        return self._keep(channel, members=self._conversations[channel].members - {user})

    def archive(self, channel: str) -> Conversation:
        """Close a channel: what was said stays, and nobody writes there any more."""
        return self._keep(channel, is_archived=True)

    def group(self, users: Collection[str]) -> Conversation:
        """The group direct message of exactly these people, made where there is none."""
        members = sorted(users)
        group_id = f"G0{hashlib.sha256(' '.join(members).encode()).hexdigest()[:9].upper()}"
        name = f"mpdm-{'--'.join(self.world.users[user].name for user in members)}-1"
        made = Conversation(id=group_id, name=name, members=frozenset(members), is_mpim=True)
        self._conversations.setdefault(group_id, made)
        return self._keep(group_id)

    def _keep(self, channel: str, **changes: Any) -> Conversation:
        kept = self._conversations[channel].model_copy(update=changes)
        self._conversations[channel] = kept
        self._archive.save_conversation(kept)
        return kept

    # Reading

    def now(self) -> float:
        """Seconds since 1970, by the workspace's clock."""
        return self._clock()

    def find(self, channel: str, ts: str) -> Message | None:
        """That message, ephemeral or not."""
        return self._logs[channel].messages.get(ts) or self._ephemerals[channel].messages.get(ts)

    def history(self, channel: str) -> list[Message]:
        """The conversation's messages outside threads, oldest first."""
        log = self._logs[channel]
        return [log.messages[ts] for ts in log.order]

    def replies(self, channel: str, thread_ts: str) -> list[Message]:
        """A thread's replies without its parent, oldest first."""
        log = self._logs[channel]
        return [log.messages[ts] for ts in log.threads.get(thread_ts, ())]

    def ephemerals(self, user: str, channel: str) -> list[Message]:
        """What only that person sees in that conversation, oldest first."""
        return [m for m in self._ephemerals[channel].messages.values() if m.shown_to == user]

    # Changing

    def post(
        self,
        channel: str,
        user: str,
        content: Content,
        *,
        thread_ts: str | None = None,
        shown_to: str | None = None,
        files: Sequence[dict[str, Any]] = (),
    ) -> Message:
        """Add a message; with `shown_to` it is ephemeral, and forgotten when the server stops."""
        if thread_ts is not None:
            thread_ts = self._thread(channel, thread_ts)
        message = Message(channel=channel, ts=self.stamp(), user=user, thread_ts=thread_ts, shown_to=shown_to)
        message.files = list(files)
        if user == self.world.app.bot_user:
            message.bot_id, message.app_id = self.world.app.bot_id, self.world.app.id
        self._fill(message, content)
        (self._logs if shown_to is None else self._ephemerals)[channel].add(message)
        self._changed(message)
        return message

    def edit(self, message: Message, content: Content) -> None:
        """Give a message new content; as in Slack, only one without blocks is marked as edited."""
        if not content.blocks:
            message.edited_ts = self.stamp()
        self._fill(message, content)
        self._changed(message)

    def attach(self, message: Message, attachments: Sequence[dict[str, Any]]) -> None:
        """Show previews of a message's links below it, in place of those for the same links."""
        given = {each["from_url"]: each for each in (*message.attachments, *attachments)}
        message.attachments = list(given.values())
        self._changed(message)

    def delete(self, message: Message) -> None:
        """Take a message away, ephemeral or not."""
        if message.shown_to is None:
            self._archive.remove(message)
        (self._logs if message.shown_to is None else self._ephemerals)[message.channel].drop(message)
        gone = Change("gone", message.channel, message.ts, message.thread_ts, message.shown_to)
        self._feed.publish(gone)

    def stamp(self) -> str:
        """Slack's `seconds.micros`: unique and rising, whatever the clock does."""
        self._last_ts = max(self._last_ts + 1, int(self._clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def _thread(self, channel: str, thread_ts: str) -> str:
        """The ts of the thread's parent: a reply's thread is its parent's."""
        if thread_ts in self._ephemerals[channel].messages:
            raise SlackError("cannot_reply_to_message")
        parent = self._logs[channel].messages.get(thread_ts)
        if parent is None:
            raise SlackError("thread_not_found")
        return parent.thread_ts or parent.ts

    def _fill(self, message: Message, content: Content) -> None:
        message.text, message.blocks = content.text, content.blocks
        if content.metadata is not None:
            message.metadata = content.metadata or None

    def _changed(self, message: Message) -> None:
        if message.shown_to is None:
            self._archive.save(message)
        thread = message.thread_ts if message.is_reply else None
        self._feed.publish(Change("shown", message.channel, message.ts, thread, message.shown_to))

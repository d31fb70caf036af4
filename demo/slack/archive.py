"""Messages, files and conversations on disk, so that a restarted workspace has its history."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from demo.slack.conversation import Conversation
from demo.slack.messages import Message

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
  channel TEXT NOT NULL, ts TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (channel, ts)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS conversation (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS file (id TEXT PRIMARY KEY, content BLOB NOT NULL);
"""


class Archive:
    """A SQLite file in `folder`, or nothing but memory when `folder` is None.

    Writes happen in the event loop: each takes about a tenth of a millisecond.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if folder is None else folder / "slack.sqlite"
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)

    def load(self) -> Iterator[Message]:
        """Every message kept, oldest first."""
        for (body,) in self._db.execute("SELECT body FROM message ORDER BY ts"):
            yield Message.model_validate_json(body)

    def save(self, message: Message) -> None:
        """Keep a new message or its new state."""
        row = (message.channel, message.ts, message.model_dump_json(exclude_defaults=True))
        self._db.execute("INSERT OR REPLACE INTO message VALUES (?, ?, ?)", row)

    def remove(self, message: Message) -> None:
        """Forget a deleted message."""
        self._db.execute("DELETE FROM message WHERE channel = ? AND ts = ?", (message.channel, message.ts))

    def conversations(self) -> Iterator[Conversation]:
        """Conversations that were opened, joined or left."""
        for (body,) in self._db.execute("SELECT body FROM conversation ORDER BY id"):
            yield Conversation.model_validate_json(body)

    def save_conversation(self, conversation: Conversation) -> None:
        """Keep who is in a conversation."""
        row = (conversation.id, conversation.model_dump_json())
        self._db.execute("INSERT OR REPLACE INTO conversation VALUES (?, ?)", row)

    def file(self, file_id: str) -> bytes | None:
        """A file's content, if it was kept."""
        found = self._db.execute("SELECT content FROM file WHERE id = ?", (file_id,)).fetchone()
        return None if found is None else bytes(found[0])

    def save_file(self, file_id: str, content: bytes) -> None:
        """Keep a file's content."""
        self._db.execute("INSERT OR REPLACE INTO file VALUES (?, ?)", (file_id, content))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

"""Posting, changing and deleting messages."""

import re
from typing import Any

from demo.slack.api.reach import seen, writable
from demo.slack.arguments import Arguments
from demo.slack.backend import Backend
from demo.slack.content import read_content
from demo.slack.errors import SlackError
from demo.slack.messages import Message

_TS = re.compile(r"\d+\.\d+")


def post_message(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`chat.postMessage` to a channel, a thread, or a person (their direct message)."""
    conversation = writable(backend, args.text("channel"))
    message = backend.workspace.post(
        conversation.id,
        backend.world.app.bot_user,
        read_content(args),
        thread_ts=thread(args),
    )
    return _told(backend, message)


def post_ephemeral(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`chat.postEphemeral`: a message that one person sees, until they reload.

    In a thread that nobody has replied to yet, Slack takes it and shows it nowhere.
    """
    conversation = writable(backend, args.text("channel"))
    user, thread_ts, content = args.text("user"), thread(args), read_content(args)
    if user not in conversation.members:
        raise SlackError("user_not_in_channel")
    if thread_ts is not None and not _is_active(backend, conversation.id, thread_ts):
        return {"message_ts": backend.workspace.stamp()}
    bot = backend.world.app.bot_user
    message = backend.workspace.post(conversation.id, bot, content, thread_ts=thread_ts, shown_to=user)
    return {"message_ts": message.ts}


def update(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`chat.update`: new text, blocks or both.

    Blocks alone keep nothing of the old text; text alone takes the old blocks away.
    """
    message = _own(backend, args, "cant_update_message")
    if backend.workspace.conversation(message.channel).is_archived:
        raise SlackError("is_inactive")
    minutes = backend.world.team.edit_minutes
    if minutes is not None and backend.workspace.now() - float(message.ts) > minutes * 60:
        raise SlackError("edit_window_closed")
    if args.optional("text") is None and args.get("blocks") is None:
        raise SlackError("no_text")
    backend.workspace.edit(message, read_content(args, editing=True))
    return _told(backend, message) | {"text": message.text}


def delete(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`chat.delete` of the bot's own message."""
    message = _own(backend, args, "cant_delete_message")
    backend.workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`chat.getPermalink`: the address of a message on the page."""
    message = _public(backend, seen(backend, args.text("channel")).id, args.text("message_ts"))
    if message is None:
        raise SlackError("message_not_found")
    thread_of = f"?thread_ts={message.thread_ts}&cid={message.channel}" if message.is_reply else ""
    path = f"/archives/{message.channel}/p{message.ts.replace('.', '')}{thread_of}"
    return {"channel": message.channel, "permalink": backend.url + path}


def thread(args: Arguments) -> str | None:
    """The call's `thread_ts`, if it has one; raises invalid_thread_ts where it is no timestamp."""
    thread_ts = args.optional("thread_ts")
    if thread_ts is not None and not _TS.fullmatch(thread_ts):
        messages = [f"[ERROR] {thread_ts} is not a valid thread_ts"]
        raise SlackError("invalid_thread_ts", response_metadata={"messages": messages})
    return thread_ts


def _is_active(backend: Backend, channel: str, thread_ts: str) -> bool:
    parent = backend.workspace.find(channel, thread_ts)
    return parent is None or parent.is_reply or bool(backend.workspace.replies(channel, parent.ts))


def _own(backend: Backend, args: Arguments, not_mine: str) -> Message:
    """The bot's own message; only a conversation's id names its channel, as in Slack."""
    message = _public(backend, seen(backend, args.text("channel")).id, args.text("ts"))
    if message is None:
        raise SlackError("message_not_found")
    if message.bot_id != backend.world.app.bot_id:
        raise SlackError(not_mine)
    return message


def _public(backend: Backend, channel: str, ts: str) -> Message | None:
    """That message, if it is there and not ephemeral."""
    message = backend.workspace.find(channel, ts)
    return None if message is None or message.shown_to is not None else message


def _told(backend: Backend, message: Message) -> dict[str, Any]:
    body = message.to_slack(backend.world.team.id, with_metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": body}

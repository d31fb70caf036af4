"""Posting, changing and deleting messages."""

from typing import Any

from demo.slack.arguments import Arguments
from demo.slack.backend import Backend
from demo.slack.content import read_content
from demo.slack.errors import SlackError
from demo.slack.messages import Message
from demo.slack.workspace import Conversation


def post_message(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`chat.postMessage` to a channel, a thread, or a person (their direct message)."""
    conversation = _joined(backend, args)
    message = backend.workspace.post(
        conversation.id,
        backend.world.app.bot_user,
        read_content(args),
        thread_ts=args.optional("thread_ts"),
    )
    return _told(backend, message)


def post_ephemeral(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`chat.postEphemeral`: a message that one person sees, until they reload."""
    conversation = _joined(backend, args)
    user = args.text("user")
    if user not in conversation.members:
        raise SlackError("user_not_in_channel")
    message = backend.workspace.post(
        conversation.id,
        backend.world.app.bot_user,
        read_content(args),
        thread_ts=args.optional("thread_ts"),
        shown_to=user,
    )
    return {"message_ts": message.ts}


def update(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`chat.update`: new text, blocks or both.

    Blocks alone keep nothing of the old text; text alone takes the old blocks away.
    """
    message = _own(backend, args, "cant_update_message")
    if args.optional("text") is None and args.get("blocks") is None:
        raise SlackError("no_text")
    backend.workspace.edit(message, read_content(args))
    return _told(backend, message) | {"text": message.text}


def delete(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`chat.delete` of the bot's own message."""
    message = _own(backend, args, "cant_delete_message")
    backend.workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`chat.getPermalink`: the address of a message on the page."""
    conversation = backend.workspace.conversation(args.text("channel"))
    message = backend.workspace.find(conversation.id, args.text("message_ts"))
    if message is None or message.shown_to is not None:
        raise SlackError("message_not_found")
    thread = f"?thread_ts={message.thread_ts}&cid={message.channel}" if message.is_reply else ""
    path = f"/archives/{message.channel}/p{message.ts.replace('.', '')}{thread}"
    return {"channel": message.channel, "permalink": backend.url + path}


def _joined(backend: Backend, args: Arguments) -> Conversation:
    """The conversation, if the bot may write there."""
    conversation = backend.workspace.conversation(args.text("channel"))
    if backend.world.app.bot_user not in conversation.members:
        raise SlackError("not_in_channel")
    return conversation


def _own(backend: Backend, args: Arguments, not_mine: str) -> Message:
    """The bot's own message; only a conversation's id names its channel, as in Slack."""
    channel = args.text("channel")
    if backend.workspace.conversation(channel).id != channel:
        raise SlackError("channel_not_found")
    message = backend.workspace.find(channel, args.text("ts"))
    if message is None or message.shown_to is not None:
        raise SlackError("message_not_found")
    if message.bot_id != backend.world.app.bot_id:
        raise SlackError(not_mine)
    return message


def _told(backend: Backend, message: Message) -> dict[str, Any]:
    body = message.to_slack(backend.world.team.id, with_metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": body}

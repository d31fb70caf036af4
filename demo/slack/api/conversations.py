"""Channels, direct messages, and what was said in them."""

from typing import Any

from demo.slack.api.paging import page
from demo.slack.arguments import Arguments
from demo.slack.backend import Backend
from demo.slack.errors import SlackError
from demo.slack.messages import Message
from demo.slack.workspace import Conversation


def info(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.info`: public channels also where the bot is no member."""
    conversation = backend.workspace.conversation(args.text("channel"))
    return {"channel": conversation.to_slack(backend.world.app.bot_user)}


def list_(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.list` of the given `types` (public channels by default)."""
    types = (args.optional("types") or "public_channel").split(",")
    bot = backend.world.app.bot_user
    everyone = {c.id: c for person in backend.world.people for c in
                backend.workspace.conversations_of(person.id)}.values()  # fmt: skip
    wanted = [c for c in everyone if ("im" if c.im_with else "public_channel") in types]
    shown, paging = page(wanted, args)
    return {"channels": [c.to_slack(bot) for c in shown], **paging}


def open_(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.open`: the direct message with one person."""
    user = args.text("users")
    if user not in backend.world.users:
        raise SlackError("user_not_found")
    conversation = backend.workspace.conversation(user)
    return {"channel": conversation.to_slack(backend.world.app.bot_user)}


def members(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.members`: ids of the people in a channel."""
    conversation = backend.workspace.conversation(args.text("channel"))
    shown, paging = page(sorted(conversation.members), args)
    return {"members": shown, **paging}


def history(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.history`: newest first, between `oldest` and `latest`."""
    conversation = _readable(backend, args)
    found = [m for m in backend.workspace.history(conversation.id) if _within(m, args)]
    shown, paging = page(found[::-1], args)
    return {"messages": [_shown(backend, m, args) for m in shown], **paging}


def replies(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.replies`: a thread's parent and its replies, oldest first."""
    conversation = _readable(backend, args)
    parent = backend.workspace.find(conversation.id, args.text("ts"))
    if parent is None or parent.shown_to is not None:
        raise SlackError("thread_not_found")
    answers = backend.workspace.replies(conversation.id, parent.thread_ts or parent.ts)
    found = [parent, *(m for m in answers if m is not parent and _within(m, args))]
    shown, paging = page(found, args)
    return {"messages": [_shown(backend, m, args) for m in shown], **paging}


def _readable(backend: Backend, args: Arguments) -> Conversation:
    conversation = backend.workspace.conversation(args.text("channel"))
    if backend.world.app.bot_user not in conversation.members:
        raise SlackError("not_in_channel")
    return conversation


def _within(message: Message, args: Arguments) -> bool:
    oldest, latest = args.optional("oldest"), args.optional("latest")
    ts, inclusive = float(message.ts), args.flag("inclusive")
    after = oldest is None or ts > float(oldest) or (inclusive and ts == float(oldest))
    return after and (latest is None or ts < float(latest) or (inclusive and ts == float(latest)))


def _shown(backend: Backend, message: Message, args: Arguments) -> dict[str, Any]:
    thread = backend.workspace.replies(message.channel, message.ts)
    return message.to_slack(backend.world.team.id, replies=thread, with_metadata=args.flag("include_all_metadata"))

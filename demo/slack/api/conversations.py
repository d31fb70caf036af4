"""Channels and direct messages: which there are, and what was said in them."""

from typing import Any, get_args

from demo.slack.api.paging import page
from demo.slack.api.reach import joined, require, seen
from demo.slack.arguments import Arguments
from demo.slack.backend import Backend
from demo.slack.conversation import Kind
from demo.slack.errors import SlackError
from demo.slack.messages import Message

_SCOPES: dict[str, str] = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}


def info(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.info`: public channels also where the bot is no member."""
    conversation = seen(backend, args.text("channel"), "read")
    bot = backend.world.app.bot_user
    return {"channel": conversation.to_slack(bot, with_count=args.flag("include_num_members"))}


def list_(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.list` of the given `types` (public channels by default), as far as the bot sees them."""
    types = (args.optional("types") or "public_channel").replace(" ", "").split(",")
    if not set(types) <= set(get_args(Kind)):
        raise SlackError("invalid_types")
    require(backend, *(_SCOPES[kind] for kind in types))
    bot, archived = backend.world.app.bot_user, not args.flag("exclude_archived")
    wanted = [
        conversation
        for conversation in backend.workspace.conversations()
        if conversation.kind in types and conversation.visible_to(bot) and (archived or not conversation.is_archived)
    ]
    shown, paging = page(wanted, args)
    return {"channels": [conversation.to_slack(bot, with_count=True) for conversation in shown], **paging}


def members(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.members`: ids of the people in a channel."""
    conversation = seen(backend, args.text("channel"), "read")
    shown, paging = page(sorted(conversation.members), args)
    return {"members": shown, **paging}


def history(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.history`: newest first, between `oldest` and `latest`."""
    conversation = joined(backend, args.text("channel"), "history")
    oldest, latest = _span(args)
    found = [m for m in backend.workspace.history(conversation.id) if _within(m, oldest, latest, args)]
    shown, paging = page(found[::-1], args)
    return {"messages": [_shown(backend, m, args) for m in shown], **paging}


def replies(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.replies`: a thread's parent and its replies, oldest first."""
    conversation = joined(backend, args.text("channel"), "history")
    oldest, latest = _span(args)
    parent = backend.workspace.find(conversation.id, args.text("ts"))
    if parent is None or parent.shown_to is not None:
        raise SlackError("thread_not_found")
    answers = backend.workspace.replies(conversation.id, parent.thread_ts or parent.ts)
    found = [parent, *(m for m in answers if m is not parent and _within(m, oldest, latest, args))]
    shown, paging = page(found, args)
    return {"messages": [_shown(backend, m, args) for m in shown], **paging}


def _span(args: Arguments) -> tuple[float, float]:
    """From when to when, in seconds since 1970; raises invalid_ts_oldest, invalid_ts_latest."""
    span = []
    for name, default in (("oldest", "0"), ("latest", "inf")):
        try:
            span.append(float(args.optional(name) or default))
        except ValueError as exc:
            raise SlackError(f"invalid_ts_{name}") from exc
    return span[0], span[1]


def _within(message: Message, oldest: float, latest: float, args: Arguments) -> bool:
    ts = float(message.ts)
    return oldest < ts < latest or (args.flag("inclusive") and ts in (oldest, latest))


def _shown(backend: Backend, message: Message, args: Arguments) -> dict[str, Any]:
    thread = backend.workspace.replies(message.channel, message.ts)
    return message.to_slack(backend.world.team.id, replies=thread, with_metadata=args.flag("include_all_metadata"))

"""Who is in a conversation: opening direct messages, joining, leaving, inviting, removing."""

from typing import Any

from demo.slack.api.reach import joined, require, seen
from demo.slack.arguments import Arguments
from demo.slack.backend import Backend
from demo.slack.conversation import Conversation
from demo.slack.errors import SlackError
from demo.slack.world import Person

_GROUP = 8  # people, the bot not counted


def open_(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.open`: the direct message with one person, or with a few together.

    Gives the id alone, unless `return_im` asks for more.
    """
    conversation = _resumed(backend, args) if args.optional("channel") else _opened(backend, args)
    shown = conversation.to_slack(backend.world.app.bot_user)
    return {"channel": shown if args.flag("return_im") else {"id": conversation.id}}


def join(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.join`: a public channel; with a warning where the bot was in it already."""
    conversation, bot = _public_channel(backend, args), backend.world.app.bot_user
    if bot in conversation.members:
        warnings = ["already_in_channel"]
        told = {"warning": warnings[0], "response_metadata": {"warnings": warnings}}
        return {"channel": conversation.to_slack(bot), **told}
    return {"channel": backend.workspace.join(conversation.id, bot).to_slack(bot)}


def leave(backend: Backend, args: Arguments) -> dict[str, Any]:
    """`conversations.leave`; to leave what one is not in is no error."""
    conversation, bot = seen(backend, args.text("channel")), backend.world.app.bot_user
    if conversation.kind in ("im", "mpim"):
        raise SlackError("method_not_supported_for_channel_type")
    if conversation.is_archived:
        raise SlackError("is_archived")
    if bot not in conversation.members:
        return {"not_in_channel": True}
    backend.workspace.leave(conversation.id, bot)
    return {}


def _public_channel(backend: Backend, args: Arguments) -> Conversation:
    conversation = seen(backend, args.text("channel"))
    if conversation.kind != "public_channel":
        raise SlackError("method_not_supported_for_channel_type")
    if conversation.is_archived:
        raise SlackError("is_archived")
    return conversation


def _resumed(backend: Backend, args: Arguments) -> Conversation:
    conversation = joined(backend, args.text("channel"))
    if conversation.kind not in ("im", "mpim"):
        raise SlackError("method_not_supported_for_channel_type")
    require(backend, conversation.scope("write"))
    return conversation


def _opened(backend: Backend, args: Arguments) -> Conversation:
    users = [user for user in (args.optional("users") or "").replace(" ", "").split(",") if user]
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > _GROUP:
        raise SlackError("too_many_users")
    for user in users:
        _check(backend.world.users.get(user))
    if len(users) == 1:
        require(backend, "im:write")
        return backend.workspace.conversation(users[0])
    require(backend, "mpim:write")
    return backend.workspace.group({*users, backend.world.app.bot_user})


def _check(person: Person | None) -> None:
    if person is None:
        raise SlackError("user_not_found")
    if person.deleted:
        raise SlackError("user_disabled")
    if person.is_bot:
        raise SlackError("cannot_dm_bot")

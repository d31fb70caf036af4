"""Which conversations the bot reaches, and what Slack answers where it does not."""

from demo.slack.backend import Backend
from demo.slack.conversation import Conversation
from demo.slack.errors import SlackError


def missing_scope(needed: str, granted: tuple[str, ...]) -> SlackError:
    """The refusal of a call whose token lacks a scope; `needed` may list several, any of which would do."""
    return SlackError("missing_scope", needed=needed, provided=",".join(granted))


def require(backend: Backend, *scopes: str) -> None:
    """Refuse a call unless the bot's token has all of these scopes; raises missing_scope for the first it lacks."""
    granted = backend.world.app.scopes
    for scope in scopes:
        if scope not in granted:
            raise missing_scope(scope, granted)


def seen(backend: Backend, channel: str, right: str | None = None) -> Conversation:
    """The conversation with that id. What the bot cannot see does not exist for it.

    `right` such as `read` or `history` also asks for the scope that this kind of conversation needs. Raises
    SlackError: channel_not_found, missing_scope.
    """
    conversation = backend.workspace.conversation(channel)
    if conversation.id != channel or not conversation.visible_to(backend.world.app.bot_user):
        raise SlackError("channel_not_found")
    if right is not None:
        require(backend, conversation.scope(right))
    return conversation


def joined(backend: Backend, channel: str, right: str | None = None) -> Conversation:
    """A conversation that the bot sees and is in. Raises what `seen` raises, and not_in_channel."""
    conversation = seen(backend, channel, right)
    if backend.world.app.bot_user not in conversation.members:
        raise SlackError("not_in_channel")
    return conversation


def writable(backend: Backend, ref: str) -> Conversation:
    """Where the bot may write: by id, by #name, or by a person's id for their direct message.

    With `chat:write.public` it need not be a member of a public channel. Raises SlackError: channel_not_found,
    not_in_channel, is_archived.
    """
    person = backend.world.users.get(ref)
    if person is not None and person.deleted:
        raise SlackError("channel_not_found")
    conversation = backend.workspace.conversation(ref)
    if backend.world.app.bot_user not in conversation.members:
        seen(backend, conversation.id)
        if "chat:write.public" not in backend.world.app.scopes:
            raise SlackError("not_in_channel")
    if conversation.is_archived:
        raise SlackError("is_archived")
    return conversation

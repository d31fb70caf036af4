"""What conversations are called in the sidebar."""

from demo.slack.page.reader import Reader
from demo.slack.workspace import Conversation


def conversation_name(conversation: Conversation, reader: Reader) -> str:
    """A channel's name, or the names of the others in a direct message."""
    if not is_direct(conversation):
        return conversation.name
    others = [reader.world.users[user].real_name for user in sorted(conversation.members) if user != reader.person.id]
    return ", ".join(others) or conversation.name


def is_direct(conversation: Conversation) -> bool:
    """Whether it is a direct message."""
    return conversation.id.startswith("D")


def is_app(conversation: Conversation, reader: Reader) -> bool:
    """Whether it is the direct message with the app."""
    return is_direct(conversation) and reader.world.app.bot_user in conversation.members

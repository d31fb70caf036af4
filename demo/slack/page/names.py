"""What conversations are called in the sidebar."""

from demo.slack.page.reader import Reader
from demo.slack.workspace import Conversation


def conversation_name(conversation: Conversation, reader: Reader) -> str:
    """A channel's name, or the names of the others in a direct message."""
    if not is_direct(conversation):
        return conversation.name
    others = [person.real_name for user, person in reader.world.users.items() if _is_other(user, conversation, reader)]
    return ", ".join(others) or conversation.name


def is_direct(conversation: Conversation) -> bool:
    """Whether it is a direct message, of two people or of several."""
    return conversation.id[0] in "DG"


def is_app(conversation: Conversation, reader: Reader) -> bool:
    """Whether it is the direct message with the app."""
    return conversation.id.startswith("D") and reader.world.app.bot_user in conversation.members


def _is_other(user: str, conversation: Conversation, reader: Reader) -> bool:
    return user in conversation.members and user != reader.person.id

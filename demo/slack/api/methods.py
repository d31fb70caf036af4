"""The table of methods: what each does, which scope it needs, and how often it may be called."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from demo.slack import rates
from demo.slack.api import apps, chat, conversations, people, views
from demo.slack.arguments import Arguments
from demo.slack.backend import Backend

Handler = Callable[[Backend, Arguments], dict[str, Any]]


@dataclass(frozen=True)
class Method:
    """`scope` None needs only a valid token; `app_level` wants the app's token instead of the bot's."""

    handler: Handler
    scope: str | None = None
    budgets: tuple[rates.Budget, ...] = rates.PLENTY
    app_level: bool = False


METHODS: dict[str, Method] = {
    "apps.connections.open": Method(apps.connections_open, app_level=True),
    "auth.test": Method(apps.auth_test),
    "chat.delete": Method(chat.delete, "chat:write", rates.SCARCE),
    "chat.getPermalink": Method(chat.get_permalink),
    "chat.postEphemeral": Method(chat.post_ephemeral, "chat:write"),
    "chat.postMessage": Method(chat.post_message, "chat:write", rates.POST),
    "chat.update": Method(chat.update, "chat:write", rates.SCARCE),
    "conversations.history": Method(conversations.history, "channels:history", rates.SCARCE),
    "conversations.info": Method(conversations.info, "channels:read", rates.SCARCE),
    "conversations.list": Method(conversations.list_, "channels:read", rates.LISTS),
    "conversations.members": Method(conversations.members, "channels:read"),
    "conversations.open": Method(conversations.open_, "im:write", rates.SCARCE),
    "conversations.replies": Method(conversations.replies, "channels:history", rates.SCARCE),
    "usergroups.list": Method(people.usergroups_list, "usergroups:read", rates.LISTS),
    "usergroups.users.list": Method(people.usergroups_users_list, "usergroups:read", rates.LISTS),
    "users.info": Method(people.users_info, "users:read"),
    "views.open": Method(views.open_),
    "views.publish": Method(views.publish),
    "views.update": Method(views.update),
}

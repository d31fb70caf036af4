"""The table of methods: what each does, which scopes it needs, and how often it may be called."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from demo.slack import rates
from demo.slack.api import apps, chat, conversations, files, membership, people, unfurls, validation, views
from demo.slack.arguments import Arguments
from demo.slack.backend import Backend

Handler = Callable[[Backend, Arguments], dict[str, Any]]


@dataclass(frozen=True)
class Method:
    """`app_level` wants the app's token instead of the bot's.

    Any one of `scopes` lets a call in (without scopes, a valid token does); where a method has several, each is for
    one kind of conversation, and the method itself asks for the one that its conversation needs.
    """

    handler: Handler
    budgets: tuple[rates.Budget, ...]
    scopes: tuple[str, ...] = ()
    app_level: bool = False

    @property
    def scope(self) -> str | None:
        """The scope that it needs for a public channel, or at all."""
        return self.scopes[0] if self.scopes else None


_WRITE = ("chat:write",)
_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")

METHODS: dict[str, Method] = {
    "apps.connections.open": Method(apps.connections_open, rates.TIER_3, ("connections:write",), app_level=True),
    "auth.test": Method(apps.auth_test, rates.HUNDREDS),
    "blocks.validate": Method(validation.validate, rates.TIER_4),
    "chat.delete": Method(chat.delete, rates.TIER_3, _WRITE),
    "chat.getPermalink": Method(chat.get_permalink, rates.HUNDREDS),
    "chat.postEphemeral": Method(chat.post_ephemeral, rates.TIER_4, _WRITE),
    "chat.postMessage": Method(chat.post_message, rates.POST, _WRITE),
    "chat.unfurl": Method(unfurls.unfurl, rates.TIER_3, ("links:write",)),
    "chat.update": Method(chat.update, rates.TIER_3, _WRITE),
    "conversations.history": Method(conversations.history, rates.TIER_3, _HISTORY),
    "conversations.info": Method(conversations.info, rates.TIER_3, _READ),
    "conversations.join": Method(membership.join, rates.TIER_3, ("channels:join",)),
    "conversations.leave": Method(membership.leave, rates.TIER_3, ("channels:manage", "groups:write")),
    "conversations.list": Method(conversations.list_, rates.TIER_2, _READ),
    "conversations.members": Method(conversations.members, rates.TIER_4, _READ),
    "conversations.open": Method(membership.open_, rates.TIER_3, ("im:write", "mpim:write")),
    "conversations.replies": Method(conversations.replies, rates.TIER_3, _HISTORY),
    "files.completeUploadExternal": Method(files.complete_upload, rates.TIER_4, ("files:write",)),
    "files.getUploadURLExternal": Method(files.get_upload_url, rates.TIER_4, ("files:write",)),
    "usergroups.list": Method(people.usergroups_list, rates.TIER_2, ("usergroups:read",)),
    "usergroups.users.list": Method(people.usergroups_users_list, rates.TIER_2, ("usergroups:read",)),
    "users.info": Method(people.users_info, rates.TIER_4, ("users:read",)),
    "users.list": Method(people.users_list, rates.TIER_2, ("users:read",)),
    "users.lookupByEmail": Method(people.users_lookup_by_email, rates.TIER_3, ("users:read.email",)),
    "views.open": Method(views.open_, rates.TIER_4),
    "views.publish": Method(views.publish, rates.TIER_4),
    "views.push": Method(views.push, rates.TIER_4),
    "views.update": Method(views.update, rates.TIER_4),
}

"""The Slack app's manifest: what this bot asks a workspace for, and no more.

Its fields and limits: https://docs.slack.dev/reference/app-manifest. Each scope stands here with what it is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NAME = "Stationmaster"
BOT_NAME = "stationmaster"
EVENTS = ("app_home_opened", "app_mention", "message.im")
SHORTCUTS = {  # in a message's menu: by callback_id, its name and what it does
    "explain_run": ("Explain this run", "How this run was started, and what became of it"),
}


@dataclass(frozen=True)
class Scope:
    """A scope of the bot's token. `without` says what fails without it; an optional one costs a part of the bot only.

    `methods` are those of the Web API that ask for it, `events` those that are delivered with it only.
    """

    name: str
    needed_for: str
    without: str
    methods: Sequence[str] = ()
    events: Sequence[str] = ()
    optional: bool = False


SCOPES = (
    Scope("commands", "the slash command", "there is no command to type"),
    Scope(
        "chat:write",
        "cards, their edits, replies in their threads, messages that one person sees",
        "nothing can be shown in a channel",
        ("chat.delete", "chat.postEphemeral", "chat.postMessage", "chat.update"),
    ),
    Scope(
        "users:read",
        "a person's name; whether they are a guest, a bot, or of another workspace",
        "nobody is recognised, so nobody may do anything",
        ("users.info",),
    ),
    Scope(
        "usergroups:read",
        "who is in the user groups that the configuration names",
        "whoever has a role by a user group only may do nothing",
        ("usergroups.users.list",),
    ),
    Scope(
        "app_mentions:read",
        "commands that mention the bot, `@stationmaster status`",
        "mentions of the bot go unheard",
        events=("app_mention",),
    ),
    Scope(
        "im:history",
        "commands that are written to the bot directly; to find an uncertain post again in direct messages",
        "what people write to the bot goes unheard",
        ("conversations.history", "conversations.replies"),
        ("message.im",),
    ),
    Scope(
        "im:write",
        "the direct message that a file is sent in, and in which an uncertain post is looked for",
        "no whole log can be sent; after a crash a direct message may be posted twice, marked “resent”",
        ("conversations.open",),
        optional=True,
    ),
    Scope(
        "files:write",
        "whole logs, sent as files in direct messages",
        "of a log only the last lines can be shown",
        ("files.completeUploadExternal", "files.getUploadURLExternal"),
        optional=True,
    ),
    *(
        Scope(
            f"{kind}:history",
            f"to find an uncertain post again in {where}",
            f"after a crash a message in {where} may be posted twice, marked “resent”",
            ("conversations.history", "conversations.replies"),
            optional=True,
        )
        for kind, where in (
            ("channels", "public channels"),
            ("groups", "private channels"),
        )
    ),
)


def manifest(*, command: str = "/train", url: str = "") -> dict[str, Any]:
    """The manifest of an app with this slash command: over Socket Mode, or with `url` over HTTP, to that address."""
    slash = {
        "command": command,
        **({"url": url} if url else {}),
        "description": "Train a model, or see what trains",
        "usage_hint": "run MODEL [key=value …] · status · models · model MODEL · help",
        "should_escape": True,
    }
    return {
        "display_information": {
            "name": NAME,
            "description": "Trains models through Airflow, and shows what came of it",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": BOT_NAME, "always_online": True},
            "slash_commands": [slash],
            "shortcuts": [
                {"name": name, "type": "message", "callback_id": callback, "description": description}
                for callback, (name, description) in SHORTCUTS.items()
            ],
        },
        "oauth_config": {
            "scopes": {  # an optional one has to stand in both lists
                "bot": [scope.name for scope in SCOPES],
                "bot_optional": [scope.name for scope in SCOPES if scope.optional],
            }
        },
        "settings": _settings(url),
    }


def _settings(url: str) -> dict[str, Any]:
    to = {"request_url": url} if url else {}
    return {
        "event_subscriptions": {**to, "bot_events": list(EVENTS)},
        "interactivity": {"is_enabled": True, **to},
        "org_deploy_enabled": False,
        "socket_mode_enabled": not url,
        "token_rotation_enabled": False,
    }

"""What the configuration names in Slack: people, user groups, channels. Do they exist, and can the bot use them?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from bot.check.findings import Finding, bad, good, odd
from bot.settings.config import Config

if TYPE_CHECKING:
    from bot.slack.workspace import Workspace

AT_ONCE = 4  # questions
MOST = 50  # of a kind that are asked for: Slack answers 50 such questions a minute

Look = Callable[["Workspace", str], Awaitable[Finding | None]]


async def named(config: Config, workspace: Workspace) -> list[Finding]:
    """A finding for everyone and everything that is not as it should be; one good one if all are."""
    members = _members(config)
    channels = sorted({str(model.channel) for model in config.models.values() if model.channel})
    looks: Sequence[tuple[Look, list[str]]] = (
        (person, [each for each in members if each[0] in "UW"]),
        (group, [each for each in members if each[0] == "S"]),
        (channel, channels),
    )
    room, found = asyncio.Semaphore(AT_ONCE), list[Finding]()

    async def one(look: Look, name: str) -> Finding | None:
        async with room:
            return await look(workspace, name)

    for look, names in looks:
        answers = await asyncio.gather(*(one(look, name) for name in names[:MOST]))
        found += [answer for answer in answers if answer]
        if len(names) > MOST:
            found.append(odd("configuration", f"only the first {MOST} of {len(names)} ids were looked at"))
    asked = sum(len(names) for _, names in looks)
    return found or [good("configuration", f"all of its {asked} people, user groups and channels are there")]


def _members(config: Config) -> list[str]:
    """Every id that stands for people, in order."""
    access = config.access
    lists: list[Iterable[str]] = [access.viewers, access.runners, access.approvers, access.admins, access.auditors]
    for model in config.models.values():
        lists += [model.owners, model.runners or ()]
    return sorted({member for each in lists for member in each} - {"everyone"})


async def person(workspace: Workspace, user_id: str) -> Finding | None:
    """Someone who has a role: unknown, gone, or of a kind that has no rights."""
    answer = await workspace.ask("users.info", user=user_id)
    if answer.error:
        return bad(f"person {user_id}", f"Slack doesn't know this id ({answer.words}): correct it in the configuration")
    user = answer.data["user"]
    marks = {"deleted": "deactivated", "is_bot": "a bot", "is_restricted": "a guest", "is_stranger": "of another team"}
    if said := next((words for mark, words in marks.items() if user.get(mark)), ""):
        return odd(f"person {user_id}", f"{user.get('name', 'they')} is {said}, and has no role whatever is configured")
    return None


async def group(workspace: Workspace, group_id: str) -> Finding | None:
    """A user group: unknown, or empty."""
    answer = await workspace.ask("usergroups.users.list", usergroup=group_id)
    if answer.error:
        return bad(f"user group {group_id}", f"Slack doesn't give its members ({answer.words}): correct its id")
    return None if answer.data.get("users") else odd(f"user group {group_id}", "it has no members")


async def channel(workspace: Workspace, channel_id: str) -> Finding | None:
    """A channel: unknown, archived, or without the bot. Told by its history, for which the bot has a scope anyway."""
    about = f"channel {channel_id}"
    answer = await workspace.ask("conversations.history", channel=channel_id, limit=1)
    match answer.error:
        case "":
            return None
        case "not_in_channel":
            return bad(about, "the bot is no member: /invite @stationmaster there")
        case "channel_not_found":
            return bad(about, "none, or a private one without the bot: correct the id, or /invite @stationmaster there")
        case "missing_scope":
            return odd(about, f"whether the bot is a member can't be told ({answer.words})")
        case _:
            return bad(about, f"Slack refuses it ({answer.words})")

"""The fixed part of a workspace: its team, people, user groups, channels and app, read from YAML."""

from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

WORLD_FILE = Path(__file__).with_name("world.yaml")
SLACKBOT = "USLACKBOT"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Team(_Frozen):
    """The workspace's name and ids."""

    id: str
    name: str
    domain: str


class Person(_Frozen):
    """A member of the workspace, human or bot."""

    id: str
    name: str
    real_name: str
    title: str = ""
    tz: str = "Etc/UTC"
    clock: Literal["12h", "24h"] = "24h"
    is_restricted: bool = False
    is_bot: bool = False
    deleted: bool = False
    icon: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which this person reads dates."""
        return ZoneInfo(self.tz)

    @property
    def hue(self) -> int:
        """Which of six colours this person's initial is drawn on."""
        return sum(map(ord, self.id)) % 6

    def to_slack(self, team: Team) -> dict[str, Any]:
        """The person as `users.info` gives it; `tz_offset` is in seconds east of UTC, now."""
        now = datetime.now(self.zone)
        offset = now.utcoffset()
        return {
            "id": self.id,
            "team_id": team.id,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "tz": self.tz,
            "tz_label": now.tzname(),
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "profile": {"real_name": self.real_name, "display_name": self.real_name, "title": self.title},
            "is_admin": False,
            "is_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
        }


class UserGroup(_Frozen):
    """A user group such as @ml-leads."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]


class Channel(_Frozen):
    """A public channel and who is in it."""

    id: str
    name: str
    topic: str = ""
    members: tuple[str, ...]


class Command(_Frozen):
    """A slash command of the app."""

    command: str
    description: str
    usage_hint: str = ""
    should_escape: bool = False


class Shortcut(_Frozen):
    """A shortcut of the app: in a message's menu, or global."""

    name: str
    callback_id: str
    description: str = ""
    type: Literal["message", "global"] = "message"


class App(_Frozen):
    """The one app that is installed, with its bot user, scopes, commands, shortcuts and events.

    Links to `unfurl_domains` and what is below them are told to it.
    """

    id: str
    name: str
    bot_id: str
    bot_user: str
    bot_name: str
    icon: str = ""
    scopes: tuple[str, ...]
    commands: tuple[Command, ...]
    shortcuts: tuple[Shortcut, ...] = ()
    events: tuple[str, ...] = ()
    unfurl_domains: tuple[str, ...] = ()


class World(_Frozen):
    """Everything about the workspace that does not change while it runs."""

    team: Team
    people: tuple[Person, ...]
    groups: tuple[UserGroup, ...]
    channels: tuple[Channel, ...]
    app: App

    @cached_property
    def users(self) -> dict[str, Person]:
        """Everyone by id: the people, the app's bot user, and Slackbot."""
        app = self.app
        bot = Person(id=app.bot_user, name=app.bot_name, real_name=app.name, is_bot=True, icon=app.icon)
        slackbot = Person(id=SLACKBOT, name="slackbot", real_name="Slackbot", is_bot=True, icon="🤖")
        return {person.id: person for person in (*self.people, bot, slackbot)}

    @cached_property
    def names(self) -> dict[str, str]:
        """What is typed to mention someone or something, without its `@` or `#`, to its id."""
        return {
            **{person.name: person.id for person in self.users.values()},
            **{group.handle: group.id for group in self.groups},
            **{channel.name: channel.id for channel in self.channels},
        }

    def command(self, name: str) -> Command | None:
        """The app's slash command of that name (with its slash), if there is one."""
        return next((command for command in self.app.commands if command.command == name), None)


def load_world(path: Path = WORLD_FILE) -> World:
    """Read a world from YAML; pydantic's error says what is wrong in it."""
    return World.model_validate(YAML(typ="safe").load(path.read_text("utf-8")))

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
    """The workspace's name and ids; a message can be edited for `edit_minutes` (None: for ever)."""

    id: str
    name: str
    domain: str
    edit_minutes: int | None = None


class Person(_Frozen):
    """Someone whom apps can see, human or bot. `team` is another workspace's id for its people."""

    id: str
    name: str
    real_name: str
    title: str = ""
    email: str = ""
    team: str = ""
    tz: str = "Etc/UTC"
    clock: Literal["12h", "24h"] = "24h"
    is_restricted: bool = False
    is_ultra_restricted: bool = False
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

    def to_slack(self, team: Team, *, with_email: bool = False, is_stranger: bool = False) -> dict[str, Any]:
        """The person as `users.info` gives it; of someone deactivated, little is left."""
        profile = {"real_name": self.real_name, "display_name": self.real_name, "title": self.title}
        body: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team or team.id,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "profile": profile | ({"email": self.email} if with_email and self.email else {}),
            "is_bot": self.is_bot and self.id != SLACKBOT,  # so Slack says of its own bot
            "is_app_user": False,
        }
        if self.deleted:
            return body
        marks = {"is_restricted": self.is_restricted, "is_ultra_restricted": self.is_ultra_restricted}
        body |= self._zone() | marks | {"is_admin": False, "is_owner": False}
        return body | ({"is_stranger": is_stranger} if self.team not in ("", team.id) else {})

    def _zone(self) -> dict[str, Any]:
        """The person's zone now; `tz_offset` is in seconds east of UTC."""
        now = datetime.now(self.zone)
        offset = now.utcoffset()
        seconds = int(offset.total_seconds()) if offset else 0
        return {"tz": self.tz, "tz_label": now.tzname(), "tz_offset": seconds}


class UserGroup(_Frozen):
    """A user group such as @ml-leads."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]


class Channel(_Frozen):
    """A channel and who is in it; `shared_with` are the ids of other workspaces that have it too."""

    id: str
    name: str
    topic: str = ""
    members: tuple[str, ...]
    is_private: bool = False
    is_archived: bool = False
    shared_with: tuple[str, ...] = ()


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

    `scopes` are its bot token's, `level_scopes` its app-level token's. Links to `unfurl_domains` and what is below
    them are told to it, and its to unfurl. It has a home tab where `home_tab` says so.
    """

    id: str
    name: str
    bot_id: str
    bot_user: str
    bot_name: str
    icon: str = ""
    scopes: tuple[str, ...]
    level_scopes: tuple[str, ...] = ("connections:write",)
    commands: tuple[Command, ...]
    shortcuts: tuple[Shortcut, ...] = ()
    events: tuple[str, ...] = ()
    unfurl_domains: tuple[str, ...] = ()
    home_tab: bool = True


class World(_Frozen):
    """Everything about the workspace that does not change while it runs.

    `people` are those in whose place one can look at the page; `others` are guests of one channel, people of other
    workspaces, bots, and those who have left.
    """

    team: Team
    people: tuple[Person, ...]
    others: tuple[Person, ...] = ()
    groups: tuple[UserGroup, ...]
    channels: tuple[Channel, ...]
    app: App

    @cached_property
    def users(self) -> dict[str, Person]:
        """Everyone by id: the people, the others, the app's bot user, and Slackbot."""
        app = self.app
        bot = Person(id=app.bot_user, name=app.bot_name, real_name=app.name, is_bot=True, icon=app.icon)
        slackbot = Person(id=SLACKBOT, name="slackbot", real_name="Slackbot", is_bot=True, icon="🤖")
        return {person.id: person for person in (*self.people, *self.others, bot, slackbot)}

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

    def granting(self, *scopes: str) -> "World":
        """This world with an app that was installed with exactly these scopes."""
        return self.model_copy(update={"app": self.app.model_copy(update={"scopes": scopes})})


def load_world(path: Path = WORLD_FILE) -> World:
    """Read a world from YAML; pydantic's error says what is wrong in it."""
    return World.model_validate(YAML(typ="safe").load(path.read_text("utf-8")))

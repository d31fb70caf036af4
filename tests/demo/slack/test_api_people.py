"""People of every kind, and user groups."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from demo.slack import StandIn
from demo.slack.world import Channel, Person, World, load_world
from tests.demo.slack.calls import Api


def wider() -> World:
    """The world with two more people of a partner: one in a shared channel without the bot, one in none."""
    world = load_world().granting("users:read", "users:read.email")
    met, unmet = (
        Person(id=f"U0{name.upper()}", name=name, real_name=name, team="T0PARTNER") for name in ("ivo", "zoe")
    )
    lab = Channel(id="C0LAB", name="lab", members=("U0ADA", met.id), shared_with=("T0PARTNER",))
    return world.model_copy(update={"others": (*world.others, met, unmet), "channels": (*world.channels, lab)})


@pytest.fixture
async def wide() -> AsyncIterator[Api]:
    """Calls of an app that also reads addresses."""
    async with StandIn(world=wider()) as slack, ClientSession() as session:
        yield Api(session, slack)


@pytest.mark.parametrize(
    ("user", "marks"),
    [
        ("U0DANA", {"team_id": "T0STATION", "deleted": False, "is_restricted": False, "tz": "Europe/Amsterdam"}),
        ("U0GUS", {"is_restricted": True, "is_ultra_restricted": False}),
        ("U0UMA", {"is_restricted": True, "is_ultra_restricted": True}),
        ("U0LEON", {"deleted": True}),
        ("U0CI", {"is_bot": True}),
        ("U0STATION", {"is_bot": True}),
        ("USLACKBOT", {"is_bot": False}),
        ("U0PETRA", {"team_id": "T0PARTNER", "is_stranger": False}),
        ("U0IVO", {"team_id": "T0PARTNER", "is_stranger": True}),
    ],
)
async def test_each_kind_of_person_has_slacks_marks(wide: Api, user: str, marks: dict[str, Any]) -> None:
    """A stranger is of another workspace and in none of the bot's channels; Slackbot says that it is no bot."""
    shown = (await wide("users.info", user=user))["user"]
    assert shown | marks == shown


async def test_little_is_left_of_somebody_who_left(wide: Api) -> None:
    """No zone, no marks of a guest."""
    shown = (await wide("users.info", user="U0LEON"))["user"]
    assert shown.keys().isdisjoint({"tz", "tz_offset", "is_restricted", "is_stranger"})


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
        ("users.info", {"user": "U0ZOE"}, "user_not_visible"),
        ("users.info", {}, "invalid_arguments"),
        ("users.list", {"cursor": "?"}, "invalid_cursor"),
        ("users.lookupByEmail", {"email": "nobody@night-line.example"}, "users_not_found"),
        ("users.lookupByEmail", {"email": "leon@night-line.example"}, "users_not_found"),
        ("users.lookupByEmail", {}, "invalid_arguments"),
    ],
)
async def test_people_who_are_not_found(wide: Api, method: str, arguments: dict[str, Any], error: str) -> None:
    """Each way of looking has its own error."""
    assert await wide.code(method, **arguments) == error


async def test_somebody_is_found_by_address(wide: Api) -> None:
    """In any case of letters; the address is in the profile."""
    found = (await wide("users.lookupByEmail", email="Dana@night-line.example"))["user"]
    assert (found["id"], found["profile"]["email"]) == ("U0DANA", "dana@night-line.example")


async def test_addresses_need_their_scope(api: Api) -> None:
    """With users:read alone a profile has none."""
    assert "email" not in (await api("users.info", user="U0DANA"))["user"]["profile"]


async def test_everybody_is_listed(wide: Api) -> None:
    """Bots and those who left too, not those of others whom the workspace has not met; in pages."""
    first = await wide("users.list", limit=5)
    rest = await wide("users.list", cursor=first["response_metadata"]["next_cursor"])
    ids = [member["id"] for member in (*first["members"], *rest["members"])]
    assert ids == [user for user in wide.slack.backend.world.users if user != "U0ZOE"]


async def test_user_groups_tell_their_people(api: Api) -> None:
    """Who and how many, each on request."""
    (bare, _) = (await api("usergroups.list"))["usergroups"]
    assert bare.keys().isdisjoint({"users", "user_count"})
    (full, _) = (await api("usergroups.list", include_users=True, include_count=True))["usergroups"]
    assert (full["handle"], full["users"], full["user_count"]) == ("ml-leads", ["U0OMAR", "U0ADA"], 2)
    assert (await api("usergroups.users.list", usergroup="S0DATASCI"))["users"] == ["U0DANA", "U0OMAR"]
    assert await api.code("usergroups.users.list", usergroup="S0") == "no_such_subteam"

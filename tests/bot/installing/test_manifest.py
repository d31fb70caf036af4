"""The app's manifest: what Slack takes of one, no scope too few, and none too many."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.commands import discover
from bot.errors import ConfigError
from bot.installing.manifest import EVENTS, SCOPES, manifest
from bot.installing.manifest_text import text
from bot.settings.config import Config
from bot.slack.http import PATH
from demo.slack.api.methods import METHODS

ROOT = Path(__file__).resolve().parents[3]
URL = f"https://bot.example.com{PATH}"

Https = Annotated[str, Field(pattern="^https://", max_length=3000)]


class Strict(BaseModel):
    """Slack refuses what it doesn't know."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Display(Strict):
    name: str = Field(min_length=1, max_length=35)
    description: str = Field(min_length=1, max_length=140)


class Slash(Strict):
    command: str = Field(pattern="^/", min_length=2, max_length=32)
    url: Https | None = None
    description: str = Field(min_length=1, max_length=2000)
    usage_hint: str = Field(min_length=1, max_length=1000)
    should_escape: bool


class AppHome(Strict):
    home_tab_enabled: bool
    messages_tab_enabled: bool
    messages_tab_read_only_enabled: bool


class BotUser(Strict):
    display_name: str = Field(min_length=1, max_length=80, pattern=r"^[a-z0-9._-]+$")
    always_online: bool


class Shortcut(Strict):
    name: str = Field(min_length=1, max_length=24)
    type: Literal["message", "global"]
    callback_id: str = Field(min_length=1, max_length=255)
    description: str = Field(min_length=1, max_length=150)


class Features(Strict):
    app_home: AppHome
    bot_user: BotUser
    slash_commands: list[Slash] = Field(min_length=1, max_length=50)
    shortcuts: list[Shortcut] = Field(default=[], max_length=10)


class Scopes(Strict):
    bot: list[Annotated[str, Field(max_length=50)]] = Field(max_length=255)
    bot_optional: list[Annotated[str, Field(max_length=50)]] = Field(max_length=255)

    @model_validator(mode="after")
    def _optional_ones_are_asked_for(self) -> Scopes:
        assert set(self.bot_optional) <= set(self.bot), "an optional scope must stand among the bot's too"
        assert len(set(self.bot)) == len(self.bot)
        return self


class OAuth(Strict):
    scopes: Scopes


class Events(Strict):
    request_url: Https | None = None
    bot_events: list[Annotated[str, Field(max_length=50)]] = Field(max_length=100)


class Interactivity(Strict):
    is_enabled: bool
    request_url: Https | None = None


class AppSettings(Strict):
    event_subscriptions: Events
    interactivity: Interactivity
    org_deploy_enabled: bool
    socket_mode_enabled: bool
    token_rotation_enabled: bool


class Manifest(Strict):
    """The part of Slack's manifest that we use, by its reference; the whole has more fields."""

    display_information: Display
    features: Features
    oauth_config: OAuth
    settings: AppSettings

    @model_validator(mode="after")
    def _every_way_in_has_an_address_or_none_does(self) -> Manifest:
        addresses = [
            self.settings.event_subscriptions.request_url,
            self.settings.interactivity.request_url,
            *(slash.url for slash in self.features.slash_commands),
        ]
        expected = not self.settings.socket_mode_enabled
        assert all(bool(address) is expected for address in addresses), "over HTTP each needs an address"
        return self


@pytest.mark.parametrize("url", ["", URL])
def test_slack_takes_it(url: str) -> None:
    """By the rules of its reference, for both ways in."""
    Manifest.model_validate(manifest(url=url))


def test_the_rules_refuse() -> None:
    """The test above would hold of anything if they didn't."""
    broken: list[Any] = [manifest(command="train"), manifest(command="/" + "x" * 32), manifest(url="http://x")]
    broken += [manifest() | {"more": 1}, manifest(url=URL) | {"settings": manifest()["settings"]}]
    for each in broken:
        with pytest.raises(ValidationError):
            Manifest.model_validate(each)


def test_it_is_what_the_bot_relies_on() -> None:
    """Text is escaped by Slack, clicks are delivered, the token lasts, and the Home tab is there."""
    made = manifest()
    assert made["features"]["slash_commands"][0]["should_escape"] is True
    assert made["features"]["slash_commands"][0]["command"] == Config().command
    assert made["features"]["app_home"]["home_tab_enabled"] is True
    assert made["features"]["app_home"]["messages_tab_read_only_enabled"] is False, "people may write to the bot"
    assert made["settings"]["interactivity"]["is_enabled"] is True
    assert made["settings"]["token_rotation_enabled"] is False


STEPS = {"files_upload_v2": {"files.getUploadURLExternal", "files.completeUploadExternal"}}  # the library's own helper


def methods_called() -> set[str]:
    """The methods of the Web API that `bot/` calls, by the client's attributes or by their names."""
    by_attribute = {name.replace(".", "_"): name for name in METHODS}
    found = set()
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(value=ast.Attribute(attr="client"), attr=name) if hasattr(AsyncWebClient, name):
                    found |= STEPS.get(name, {by_attribute.get(name, name)})
                case ast.Call(func=ast.Attribute(attr="ask"), args=[ast.Constant(value=str(name)), *_]):
                    found.add(name)
    return found - {"api_call"}


def test_every_method_called_has_its_scope() -> None:
    """By the stand-in's table, which another hand made from Slack's reference."""
    called = methods_called()
    assert called >= {"chat.postMessage", "users.info", "conversations.history", "auth.test", "views.open"}
    asked = {scope.name for scope in SCOPES}
    needing = {method for method in called if METHODS[method].scopes and not METHODS[method].app_level}
    assert [method for method in needing if not asked & set(METHODS[method].scopes)] == [], "a scope is missing"
    assert needing == {method for scope in SCOPES for method in scope.methods}
    assert [
        (scope.name, method) for scope in SCOPES for method in scope.methods if scope.name not in METHODS[method].scopes
    ] == [], "a scope is for another method"


def test_no_scope_is_superfluous() -> None:
    """Each is for a method that is called, an event that is taken, or the command."""
    called = methods_called()
    spare = [each.name for each in SCOPES if not (set(each.methods) & called or set(each.events) & set(EVENTS))]
    assert spare == ["commands"]


def test_the_events_are_those_that_are_taken() -> None:
    """Each has a listener, and the scope with which alone it is delivered."""
    source = (ROOT / "bot" / "slack" / "listeners.py").read_text(encoding="utf-8")
    listening = re.search(r'app\.event\(re\.compile\("([^"]+)"\)\)', source)
    assert listening
    assert {event.split(".")[0] for event in EVENTS} == set(listening[1].split("|"))
    scoped = {event for scope in SCOPES for event in scope.events}
    assert scoped == {"app_mention", "message.im"}, "app_home_opened needs none"
    assert scoped < set(EVENTS)


def test_each_shortcut_is_carried_out() -> None:
    """What a message's menu offers is what `commands/` declares, and nothing is declared that it doesn't offer."""
    offered = {each["callback_id"] for each in manifest()["features"]["shortcuts"]}
    assert offered == set(discover().shortcuts) == {"explain_run"}


def test_the_text_is_the_manifest() -> None:
    """As YAML and as JSON, which say the same."""
    assert YAML(typ="safe").load(text(environment={})) == manifest()
    assert json.loads(text(url=URL, as_json=True, environment={})) == manifest(url=URL)


def test_the_command_is_the_configurations(tmp_path: Path) -> None:
    """Two bots in one workspace differ by it."""
    path = tmp_path / "stationmaster.yaml"
    path.write_text("command: /train-staging\n")
    made = YAML(typ="safe").load(text(environment={"STATIONMASTER_CONFIG": str(path)}))
    assert made["features"]["slash_commands"][0]["command"] == "/train-staging"


def test_an_address_may_lack_its_path() -> None:
    """It is then the one that the bot listens on."""
    assert text(url="https://bot.example.com/", environment={}) == text(url=URL, environment={})


@pytest.mark.parametrize("url", ["http://bot.example.com", "bot.example.com", "https://", "https://x/?y=1"])
def test_an_address_that_slack_would_not_call_is_refused(url: str) -> None:
    """Before it stands in an app's settings."""
    with pytest.raises(ConfigError, match="--url"):
        text(url=url, environment={})


def test_http_needs_an_address() -> None:
    """A signing secret in the environment says that this bot is reached over HTTP."""
    with pytest.raises(ConfigError, match="say with --url"):
        text(environment={"SLACK_SIGNING_SECRET": "8f"})

"""Slack's credentials: their kinds, whether Slack takes them, and what they let the bot do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.check.findings import Finding, bad, good, odd
from bot.installing.manifest import SCOPES

if TYPE_CHECKING:
    from bot.slack.workspace import Answer, Workspace

BOT, APP, SIGNING = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"
REINSTALL = "add it to the app (stationmaster manifest prints it whole), install the app anew"

_KINDS = (
    ("xoxb-", "a bot user's token"),
    ("xapp-", "an app-level token"),
    ("xoxp-", "a person's token"),
    ("xoxe", "a token that expires: switch token rotation off in the app's settings, and install it anew"),
    ("xox", "a token of another kind"),
)
_DEAD = {
    "invalid_auth": "Slack doesn't know it: copy it anew from the app's settings",
    "account_inactive": "the app was removed from the workspace: install it anew",
    "token_revoked": "it was revoked: install the app anew",
    "token_expired": "it has expired: switch token rotation off, and install the app anew",
    "not_allowed_token_type": "it is a token of another kind",
}


async def bot_token(token: str, workspace: Workspace) -> list[Finding]:
    """The bot user's token: its kind, its workspace, its scopes."""
    if wrong := _wrong_kind(BOT, token, "xoxb-", "the Bot User OAuth Token, on the page Install App"):
        return [wrong]
    answer = await workspace.ask("auth.test")
    if answer.error:
        return [_refused(BOT, answer)]
    who = f"@{answer.data.get('user', '?')} in {answer.data.get('team', '?')}"
    return [good(BOT, f"signed in as {who}"), *scopes(answer.scopes)]


async def app_token(token: str, workspace: Workspace) -> list[Finding]:
    """The app-level token: its kind, and whether it opens Socket Mode."""
    if wrong := _wrong_kind(APP, token, "xapp-", "an App-Level Token, on the page Basic Information"):
        return [wrong]
    answer = await workspace.ask("apps.connections.open")
    if answer.error == "missing_scope":
        return [bad(APP, "it lacks the scope connections:write: generate another one with it")]
    if answer.error:
        hint = "" if answer.error in _DEAD else "; is Socket Mode on in the app's settings?"
        return [_refused(APP, answer, hint)]
    return [good(APP, "Slack offers a socket")]


def signing_secret(secret: str, port: int) -> list[Finding]:
    """The signing secret, which Slack alone can prove: its looks."""
    if secret.startswith(("xo", "xapp-")):
        return [bad(SIGNING, f"it is {_kind(secret)}; the signing secret stands on the page Basic Information")]
    if not re.fullmatch("[0-9a-f]{32}", secret):
        return [odd(SIGNING, "it is not 32 hexadecimal digits, as Slack's are: copy it anew from Basic Information")]
    return [good(SIGNING, f"it looks like one; Slack proves it when it calls on port {port}")]


def scopes(granted: frozenset[str] | None) -> Iterator[Finding]:
    """What the token may do, held against what the bot does."""
    if granted is None:
        yield odd("scopes", "Slack didn't say which scopes the token has")
        return
    for scope in SCOPES:
        if scope.name not in granted:
            say = odd if scope.optional else bad
            yield say(f"scope {scope.name}", f"missing: {scope.without}; {REINSTALL}")
    if spare := granted - {scope.name for scope in SCOPES}:
        yield odd("scopes", f"not needed by the bot: {', '.join(sorted(spare))}")
    have = sum(scope.name in granted for scope in SCOPES)
    yield good("scopes", f"{have} of the {len(SCOPES)} that the bot asks for")


def _wrong_kind(about: str, token: str, prefix: str, where: str) -> Finding | None:
    if token.startswith(prefix):
        return None
    return bad(about, f"it is {_kind(token)}; it should begin with {prefix}: {where}")


def _kind(token: str) -> str:
    return next((kind for prefix, kind in _KINDS if token.startswith(prefix)), "no token of Slack's")


def _refused(about: str, answer: Answer, hint: str = "") -> Finding:
    return bad(about, f"Slack refuses it ({answer.words}): {_DEAD.get(answer.error, 'see the app’s settings')}{hint}")

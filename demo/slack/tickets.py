"""Short-lived handles that Slack gives out: trigger ids and response URLs."""

import secrets
from dataclasses import dataclass

from demo.slack import limits
from demo.slack.errors import SlackError
from demo.slack.workspace import Clock


@dataclass
class _Trigger:
    user: str
    born: float
    used: bool = False


class Triggers:
    """Trigger ids: each opens one view, within three seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._triggers: dict[str, _Trigger] = {}

    def issue(self, user: str) -> str:
        """A new trigger id for what that person just did."""
        trigger_id = f"{len(self._triggers) + 1}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = _Trigger(user, self._clock())
        return trigger_id

    def exchange(self, trigger_id: str) -> str:
        """The person behind the trigger, once.

        Raises SlackError: invalid_trigger_id, expired_trigger_id, exchanged_trigger_id.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if self._clock() - trigger.born > limits.TRIGGER:
            raise SlackError("expired_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        trigger.used = True
        return trigger.user


@dataclass
class ResponseUrl:
    """Where answers to one interaction go: a channel, a person, and the message that was clicked, if any."""

    channel: str
    user: str
    ts: str | None
    born: float
    uses: int = 0


class ResponseUrls:
    """Response URLs by their secret path: five uses within thirty minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._urls: dict[str, ResponseUrl] = {}

    def issue(self, channel: str, user: str, ts: str | None = None) -> str:
        """A new URL's path, below the server's address."""
        path = f"/response/{secrets.token_urlsafe(24)}"
        self._urls[path] = ResponseUrl(channel, user, ts, self._clock())
        return path

    def use(self, path: str) -> ResponseUrl:
        """Count one use. Raises SlackError: no_such_url, expired_url, used_url (each a 404)."""
        url = self._urls.get(path)
        if url is None:
            raise SlackError("no_such_url", status=404)
        if self._clock() - url.born > limits.RESPONSE_URL:
            raise SlackError("expired_url", status=404)
        if url.uses >= limits.RESPONSE_URL_USES:
            raise SlackError("used_url", status=404)
        url.uses += 1
        return url

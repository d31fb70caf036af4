"""The error tree. Each class knows the sentence that a person may read.

StationmasterError
├── Refusal               what a person asked for can't be: says what is allowed, and how to go on
│   ├── UnknownWord       a word that nothing is called, with the nearest that something is
│   ├── BadValue          a parameter's value outside what the pipeline takes
│   └── NotAllowed        the person's roles don't reach this far
├── ServiceError          Airflow, MLflow or Slack did not do as asked
│   ├── ServiceDown       no answer, a time-out, 429 or 5xx: worth trying again
│   ├── ServiceDenied     401 or 403: the bot's own credentials are refused
│   ├── ServiceRejected   400, 409 or 422: the same request will never do
│   ├── NotInChannel      the bot is no member of the channel, or may not write there
│   ├── NotFound          404: it is not there (any more)
│   └── ServiceConfused   an answer that is not what the service speaks (HTML from a proxy, cut JSON)
└── ConfigError           the settings or the configuration file are wrong: where, and what is allowed
"""

from __future__ import annotations

from collections.abc import Sequence


class StationmasterError(Exception):
    """The root of everything this bot raises on purpose."""

    @property
    def sentence(self) -> str:
        """What the person is told. Never holds a secret or a traceback."""
        return str(self)


class Refusal(StationmasterError):
    """A request that can't be carried out as asked.

    `hint` says how to go on, in mrkdwn-free words; `example` is a command that would do, without the slash command
    before it, whose name is the workspace's own.
    """

    def __init__(self, sentence: str, *, hint: str = "", example: str = "") -> None:
        super().__init__(sentence)
        self.hint = hint
        self.example = example


class UnknownWord(Refusal):
    """A `word` that no `kind` (`of` something) is called; `nearest` is what the person may have meant."""

    def __init__(
        self, kind: str, word: str, nearest: Sequence[str] = (), *, of: str = "", hint: str = "", example: str = ""
    ) -> None:
        whose = f" of {of}" if of else ""
        meant = f" Did you mean {' or '.join(nearest)}?" if nearest else ""
        super().__init__(f"I don't know the {kind} “{shorten(word)}”{whose}.{meant}", hint=hint, example=example)
        self.kind = kind
        self.nearest = tuple(nearest)


class BadValue(Refusal):
    """A parameter's value that the pipeline would not take."""


class NotAllowed(Refusal):
    """The person may not do this."""


class ServiceError(StationmasterError):
    """A service did not do as asked. `service` is its name for people: "Airflow", "MLflow", "Slack"."""

    def __init__(self, service: str, detail: str = "", *, status: int | None = None) -> None:
        super().__init__(detail or self.__class__.__name__)
        self.service = service
        self.detail = detail
        self.status = status

    def __str__(self) -> str:
        status = f" {self.status}" if self.status else ""
        return f"{self.service}{status}: {self.detail or self.__class__.__name__}"


class ServiceDown(ServiceError):
    """No answer, or one that says "later". `retry_after` is in seconds where the service named it."""

    def __init__(
        self, service: str, detail: str = "", *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(service, detail, status=status)
        self.retry_after = retry_after

    @property
    def sentence(self) -> str:
        """See StationmasterError."""
        return f"{self.service} doesn't answer right now."


class ServiceDenied(ServiceError):
    """The service refuses the bot's credentials."""

    @property
    def sentence(self) -> str:
        """See StationmasterError."""
        return f"{self.service} refuses my credentials; an admin has to look at them."


class ServiceRejected(ServiceError):
    """The service understood, and says no."""

    @property
    def sentence(self) -> str:
        """See StationmasterError."""
        return f"{self.service} refused this: {shorten(self.detail, 300)}"


class NotInChannel(ServiceError):
    """The bot is no member of the channel, or may not write there."""

    @property
    def sentence(self) -> str:
        """See StationmasterError."""
        return "I'm not in this channel: invite me with /invite, and try again."


class NotFound(ServiceError):
    """What was asked for is not there."""

    @property
    def sentence(self) -> str:
        """See StationmasterError."""
        return f"{self.service} doesn't have this (any more): {shorten(self.detail, 200)}"


class ServiceConfused(ServiceError):
    """An answer that can't be read."""

    @property
    def sentence(self) -> str:
        """See StationmasterError."""
        return f"{self.service} gave an answer that I can't read; is something else listening at its address?"


class ConfigError(StationmasterError):
    """Settings or configuration that can't be used; the message names file, line and what is allowed."""


def shorten(text: str, limit: int = 60) -> str:
    """`text` on one line, cut to `limit` characters with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"

"""What the stand-in answers when it refuses."""

from collections.abc import Mapping
from typing import Any


class SlackError(Exception):
    """A refusal with Slack's own error code.

    `code` is the `error` of the answer, `status` its HTTP status (Slack says 200 to almost everything),
    `headers` extra HTTP headers and `extra` further keys of the answer.
    """

    def __init__(self, code: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.headers = dict(headers or {})
        self.extra = extra

    def answer(self) -> dict[str, Any]:
        """The JSON body of the refusal."""
        return {"ok": False, "error": self.code, **self.extra}

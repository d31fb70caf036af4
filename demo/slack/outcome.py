"""How what a person did ended."""

from dataclasses import dataclass
from typing import Any

TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True)
class Outcome:
    """How a delivery ended: acknowledged or not, with what payload, after how many seconds.

    `error` says why it failed: timeout, not_connected, http_service_error, http_client_error, unknown_command,
    invalid_inputs (refused by the client: nothing was sent), not_dispatched (nothing to send),
    invalid_answer (acknowledged with something that Slack can't use). `errors` is what to show at a modal's
    inputs, by block_id, whoever found it. `notice` is what Slack shows to the person, where it shows something.
    """

    acked: bool
    seconds: float = 0.0
    payload: dict[str, Any] | None = None
    error: str | None = None
    errors: dict[str, str] | None = None
    notice: str | None = None

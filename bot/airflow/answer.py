"""What Airflow's API answered, and which of our errors that is. Knows HTTP and Airflow's words, not the SDK."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from bot.errors import (
    NotFound,
    ServiceConfused,
    ServiceDenied,
    ServiceDown,
    ServiceError,
    ServiceRejected,
)

SERVICE = "Airflow"
LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
DENIED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


@dataclass(frozen=True)
class Timeouts:
    """Seconds for connecting, and for each wait for more of an answer."""

    connect: float = 3.0
    read: float = 8.0

    @property
    def pair(self) -> tuple[float, float]:
        """As the SDK's `_request_timeout` takes them."""
        return (float(self.connect), float(self.read))


@dataclass(frozen=True)
class Answer:
    """A status, headers and a body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def refuses_token(self) -> bool:
        """True when a new token may help. Airflow says 401 of an old one, 403 of one that it can't decode."""
        return self.status == HTTPStatus.UNAUTHORIZED or (
            self.status == HTTPStatus.FORBIDDEN and b"Invalid JWT token" in self.body
        )

    def json(self) -> dict[str, Any]:
        """The JSON object of a success; else the ServiceError that the status stands for."""
        if error := self.error():
            raise error
        return self._object()

    def error(self) -> ServiceError | None:
        """The error that this answer is, if it is one."""
        status, said = self.status, self._said()
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        if status < HTTPStatus.BAD_REQUEST:
            return ServiceConfused(SERVICE, "a redirect, perhaps to a login page", status=status)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in LATER:
            return ServiceDown(SERVICE, said, status=status, retry_after=self._retry_after())
        if status in DENIED:
            return ServiceDenied(SERVICE, said, status=status)
        if not said:  # a proxy's 404 must not pass for "this run was deleted"
            return ServiceConfused(SERVICE, "an error that is not Airflow's", status=status)
        return (NotFound if status == HTTPStatus.NOT_FOUND else ServiceRejected)(SERVICE, said, status=status)

    def _object(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body)
        except ValueError as exc:
            raise ServiceConfused(SERVICE, "an answer that is not JSON", status=self.status) from exc
        if not isinstance(found, dict):
            raise ServiceConfused(SERVICE, "an answer that is no JSON object", status=self.status)
        return found

    def _said(self) -> str:
        """Airflow's `detail`: a sentence, an object with a reason, or a list of fields. Empty where it has none."""
        try:
            said = self._object().get("detail")
        except ServiceConfused:
            return ""
        if isinstance(said, list):
            return "; ".join(_of_field(part) for part in said)
        if isinstance(said, dict):
            return str(said.get("reason") or said.get("message") or said)
        return str(said or "")

    def _retry_after(self) -> float | None:
        """Seconds, which the header gives as such or as a date."""
        value = next((value for name, value in self.headers.items() if name.lower() == "retry-after"), "")
        if value.strip().isdigit():
            return float(value)
        try:
            return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
        except (TypeError, ValueError):
            return None


def _of_field(part: Any) -> str:
    """One entry of a 422's list: `body.note: String should have at most 1000 characters`."""
    if not isinstance(part, Mapping):
        return str(part)
    where = ".".join(str(step) for step in part.get("loc") or ())
    return f"{where}: {part.get('msg', 'not accepted')}" if where else str(part.get("msg", "not accepted"))

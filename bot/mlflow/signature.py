"""MLflow's webhook: is a delivery MLflow's own, and recent, and what does it tell? Pure.

MLflow signs `{delivery id}.{timestamp}.{body}` with the webhook's secret, by HMAC-SHA256, in base64.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from typing import NamedTuple

SIGNATURE, TIMESTAMP, DELIVERY = "X-MLflow-Signature", "X-MLflow-Timestamp", "X-MLflow-Delivery-Id"
AGE = 300  # seconds that a delivery may be old, or, as clocks differ, early

_ID, _SECONDS = re.compile(r"[\w-]{1,100}", re.ASCII), re.compile(r"\d{1,12}", re.ASCII)


class Headers(NamedTuple):
    """All values of each of the three headers."""

    signature: Sequence[str]
    timestamp: Sequence[str]
    delivery: Sequence[str]


class Refused(Exception):
    """This is not to be believed; the message says why, for the log."""


class Event(NamedTuple):
    """What happened to what: "model_version_alias", "created"."""

    entity: str
    action: str


def checked(secret: str, headers: Headers, body: bytes, now: float) -> str:
    """The delivery's id; `now` is in epoch seconds. Refused where it is not MLflow's, or too old."""
    if any(len(values) != 1 for values in headers):
        raise Refused("it lacks a header, or has one twice")
    signature, timestamp, delivery = (values[0] for values in headers)
    if not _ID.fullmatch(delivery) or not _SECONDS.fullmatch(timestamp):
        raise Refused("its id or its time is none")
    expected = f"v1,{sign(secret, delivery, timestamp, body)}"
    if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
        raise Refused("its signature is not that of MLFLOW_WEBHOOK_SECRET")
    if abs(now - int(timestamp)) > AGE:
        raise Refused(f"it is {now - int(timestamp):.0f} s old; are both clocks right?")
    return delivery


def sign(secret: str, delivery: str, timestamp: str, body: bytes) -> str:
    """The signature of a delivery, without its version."""
    signed = f"{delivery}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def event(body: bytes) -> Event:
    """What a delivery tells. Refused where it is no event."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("it is no JSON") from error
    match told:
        case {"entity": str(entity), "action": str(action)}:
            return Event(entity, action)
        case _:
            raise Refused("it is no event")

"""Takes one payload to the app, and tells how that ended."""

import time
from typing import Any

from demo.slack.backend import Backend
from demo.slack.outcome import Outcome
from demo.slack.transport import FIRST, Kind, NotDelivered, Retry


async def send(backend: Backend, kind: Kind, payload: dict[str, Any], retry: Retry = FIRST) -> Outcome:
    """Deliver by the way that the app has chosen; never raises for what the app did or didn't."""
    started = time.perf_counter()
    try:
        ack = await backend.transport.deliver(kind, payload, retry)
    except NotDelivered as exc:
        return Outcome(acked=False, seconds=time.perf_counter() - started, error=exc.code)
    except TimeoutError:
        return Outcome(acked=False, seconds=time.perf_counter() - started, error="timeout")
    return Outcome(acked=True, seconds=ack.seconds, payload=ack.payload)

"""Takes one payload to the app, and tells how that ended."""

import time
from typing import Any

from demo.slack.backend import Backend
from demo.slack.outcome import Outcome
from demo.slack.transport import Kind, NotDelivered


async def send(backend: Backend, kind: Kind, payload: dict[str, Any]) -> Outcome:
    """Deliver by the way that the app has chosen; never raises for what the app did or didn't."""
    started = time.perf_counter()
    try:
        ack = await backend.transport.deliver(kind, payload)
    except NotDelivered as exc:
        return Outcome(acked=False, seconds=time.perf_counter() - started, error=exc.code)
    return Outcome(acked=True, seconds=ack.seconds, payload=ack.payload)

"""Metrics, as Prometheus reads them. Names and labels are listed in `docs/operating.md`; a test holds the two together.

Each running bot has a registry of its own. Labels are bounded: commands by their declared names, services and calls by
the ports' methods; nothing that a person typed is ever one.
"""

from __future__ import annotations

from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from structlog import get_logger

from bot.jobs import Gauges

log = get_logger(__name__)
# A series for each counter that says when it began, of no use here.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types here
UNKNOWN = float("nan")
CONTENT_TYPE = CONTENT_TYPE_LATEST
_ACKNOWLEDGED = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)  # seconds; Slack gives 3
_CALLED = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Family(NamedTuple):
    """A metric's name without Prometheus's suffix, its type, and its labels."""

    name: str
    type: str
    labels: tuple[str, ...]


class Metrics:
    """What is counted and measured of one running bot."""

    def __init__(self) -> None:
        self._registry = kept = CollectorRegistry()
        self._requests = Counter(
            "stationmaster_requests",
            "What people asked for, by command, button or form, and by outcome.",
            ["name", "outcome"],
            registry=kept,
        )
        self._acknowledged = Histogram(
            "stationmaster_acknowledgement_seconds",
            "From a delivery of Slack's to its acknowledgement.",
            ["kind"],
            buckets=_ACKNOWLEDGED,
            registry=kept,
        )
        self._calls = Counter(
            "stationmaster_service_calls",
            "Calls of Slack, Airflow and MLflow, by outcome.",
            ["service", "call", "outcome"],
            registry=kept,
        )
        self._called = Histogram(
            "stationmaster_service_call_seconds",
            "How long they took, whatever came of them.",
            ["service"],
            buckets=_CALLED,
            registry=kept,
        )
        self._stolen = Counter(
            "stationmaster_stolen_leases",
            "Jobs taken over by this process because the one that ran them let their lease run out.",
            registry=kept,
        )
        self._jobs = _gauge(kept, "jobs", "Durable work in the database, by state.", "state")
        self._oldest = _gauge(kept, "oldest_due_job_seconds", "By how much the job that is due longest is late.")
        self._edits = _gauge(kept, "slack_edits_left", "Edits of messages that Slack's minute has left, all replicas'.")
        self._tracks = _gauge(kept, "tracker_holder", "1 where this process follows the runs, else 0.")
        self._lag = _gauge(kept, "tracker_lag_seconds", "Since the last look at all runs, where this process follows.")
        self._unsealed = _gauge(kept, "audit_unsealed_rows", "Rows of the audit trail that wait to be sealed.")
        self._window = _gauge(kept, "audit_unsealed_seconds", "For how long the oldest of them has waited.")

    def requested(self, name: str, outcome: str) -> None:
        """Something was asked for, and this is what came of it."""
        self._requests.labels(name, outcome).inc()

    def acknowledged(self, kind: str, seconds: float) -> None:
        """A delivery was acknowledged after so long."""
        self._acknowledged.labels(kind).observe(seconds)

    def called(self, service: str, call: str, outcome: str, seconds: float) -> None:
        """A service was called."""
        self._calls.labels(service, call, outcome).inc()
        self._called.labels(service).observe(seconds)

    def stolen(self, job_id: str) -> None:
        """A job was taken over from a process that had let its lease run out; the log says which."""
        log.info("job.taken_over", job=job_id)
        self._stolen.inc()

    def jobs(self, found: Gauges | None) -> None:
        """How work stands; None where the database doesn't say."""
        for state in ("ready", "running", "waiting", "dead"):
            self._jobs.labels(state).set(getattr(found, state) if found else UNKNOWN)
        self._oldest.set(found.oldest_due if found else UNKNOWN)

    def edits(self, left: float) -> None:
        """What Slack's minute has left."""
        self._edits.set(left)

    def tracker(self, *, holder: bool, lag: float) -> None:
        """Whether this process follows the runs, and how long ago it looked at all of them."""
        self._tracks.set(holder)
        self._lag.set(lag if holder else UNKNOWN)

    def unsealed(self, rows: float, seconds: float) -> None:
        """What of the audit trail waits to be sealed."""
        self._unsealed.set(rows)
        self._window.set(seconds)

    def families(self) -> list[Family]:
        """What there is, by name and type, with its labels."""
        kept = [each for each in vars(self).values() if isinstance(each, Counter | Gauge | Histogram)]
        return [Family(each._name, each._type, each._labelnames) for each in kept]  # noqa: SLF001  # it has no getters

    def text(self) -> bytes:
        """Everything, as it is read; its type is CONTENT_TYPE."""
        return generate_latest(self._registry)


def _gauge(registry: CollectorRegistry, name: str, words: str, *labels: str) -> Gauge:
    return Gauge(f"stationmaster_{name}", words, labels, registry=registry)

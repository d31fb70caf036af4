"""Traces by OpenTelemetry: a request, the work that it leads to, that work's steps, and each call of a service.

They are made only where OpenTelemetry's standard variables name an endpoint; otherwise nothing of it is imported, and a
span costs a function call. A job keeps the context of what submitted it, so that whatever process goes on with it, and
however much later, adds to the same trace. Attributes are names and ids: never what a person typed, never a secret.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from structlog import get_logger

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = get_logger(__name__)
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SPEAKS = "http/protobuf"

_tracers: list[_Tracer] = []  # the one there is, while there is one


def start_tracing(environment: Mapping[str, str] | None = None) -> bool:
    """Make traces from now on, where the variables ask for it; whether they do. It takes half a second, for imports."""
    given = os.environ if environment is None else environment
    if not wanted(given) or _tracers:
        return False
    protocol = next((given[name] for name in PROTOCOLS if given.get(name)), SPEAKS)
    if protocol != SPEAKS:
        log.error("tracing.off", why=f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol}; the bot speaks {SPEAKS} only")
        return False
    _tracers.append(_Tracer())
    log.info("tracing.on")
    return True


def stop_tracing() -> None:
    """Send what is left, and make no more. It blocks, for as long as the exporter's time-out (10 s) at most."""
    while _tracers:
        _tracers.pop().close()


def wanted(environment: Mapping[str, str]) -> bool:
    """Do OpenTelemetry's variables ask for traces?"""
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    exporter = environment.get("OTEL_TRACES_EXPORTER", "") or "otlp"
    return not off and exporter == "otlp" and any(environment.get(name) for name in ENDPOINTS)


@contextmanager
def span(name: str, parent: str | None = None, *, within: bool = False, **attributes: str) -> Iterator[None]:
    """A span around the block; what it raises marks it as failed, by the error's class alone.

    `parent` is a context that `context` gave earlier, whichever process it was; without it, the span that is open now.
    `within`: only where one is open, so that what nobody asked for makes no trace of its own.
    """
    if not _tracers:
        yield
        return
    with _tracers[0].span(name, parent, attributes, within=within):
        yield


def context() -> str | None:
    """The open span as a W3C `traceparent`; None where there is none."""
    return _tracers[0].context() if _tracers else None


class _Tracer:
    """OpenTelemetry's parts, imported when one is made."""

    def __init__(self) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._trace = trace
        self._propagator = TraceContextTextMapPropagator()
        self._provider = _provider()
        self._tracer = self._provider.get_tracer("stationmaster")

    @contextmanager
    def span(self, name: str, parent: str | None, attributes: Mapping[str, str], *, within: bool) -> Iterator[None]:
        if within and not self._trace.get_current_span().get_span_context().is_valid:
            yield
            return
        above = self._propagator.extract({"traceparent": parent}) if parent else None
        begun = self._tracer.start_as_current_span(
            name, above, attributes=dict(attributes), record_exception=False, set_status_on_exception=False
        )
        with begun as current:
            try:
                yield
            except Exception as error:
                current.set_status(self._trace.StatusCode.ERROR, type(error).__name__)
                raise

    def context(self) -> str | None:
        carrier: dict[str, Any] = {}
        self._propagator.inject(carrier)
        return carrier.get("traceparent")

    def close(self) -> None:
        self._provider.shutdown()


def _provider() -> TracerProvider:
    """Spans go out in batches, from a thread; the endpoint, headers and time-outs are what the variables say."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: "stationmaster"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider

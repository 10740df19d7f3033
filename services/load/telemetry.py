"""A client span around each request, so that traces begin where the traffic does.

Only where an OTLP endpoint is named in the environment: a trace whose root nobody receives
would look broken.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from load import __version__
from load.scenarios import Step

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
RESOURCE = {
    "service.name": "load",
    "service.namespace": "sightline",
    "service.version": __version__,
    "deployment.environment.name": "development",
}


class Tracing:
    def __init__(self) -> None:
        self._provider: TracerProvider | None = None
        self._tracer: trace.Tracer = trace.NoOpTracer()

    def start(self, env: Mapping[str, str] = os.environ) -> None:
        if env.get("OTEL_SDK_DISABLED", "").lower() == "true":
            return
        if env.get("OTEL_TRACES_EXPORTER") == "none" or not any(env.get(n) for n in ENDPOINTS):
            return
        resource = Resource(RESOURCE).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("load")

    @contextmanager
    def span(self, step: Step) -> Iterator[dict[str, str]]:
        """The headers that carry the trace to the service."""
        headers: dict[str, str] = {}
        with self._tracer.start_as_current_span(step.method, kind=SpanKind.CLIENT) as span:
            span.set_attributes(
                {
                    "http.request.method": step.method,
                    "url.template": step.route,
                    "load.scenario": step.about or "ordinary",
                }
            )
            propagate.inject(headers)
            yield headers

    def answered(self, status: int) -> None:
        span = trace.get_current_span()
        if status:
            span.set_attribute("http.response.status_code", status)
        if not status or status >= 400:  # noqa: PLR2004 — a client span's error, by convention
            span.set_status(StatusCode.ERROR)

    def stop(self) -> None:
        if self._provider is not None:
            self._provider.shutdown()


tracing = Tracing()

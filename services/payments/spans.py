"""The server span: secrets taken out of path and query, and whose load it was, if load it was."""

from opentelemetry import baggage, trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind

from payments import redaction

ATTRIBUTES = ("url.path", "url.query", "http.request.method_original")
TEXT_LIMIT = 1_024
LOAD_RUN = "load.run"


class RedactionProcessor(SpanProcessor):
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 — the SDK's interface
        given = span.attributes or {}
        for key in ATTRIBUTES:
            value = given.get(key)
            if isinstance(value, str):
                span.set_attribute(key, redaction.text(value)[:TEXT_LIMIT])


class LoadRunProcessor(SpanProcessor):
    """Puts the run of a load test, which the baggage brings, on the spans that it caused."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        run = baggage.get_baggage(LOAD_RUN, parent_context)
        if span.kind is SpanKind.SERVER and isinstance(run, str):
            span.set_attribute(LOAD_RUN, redaction.text(run)[:TEXT_LIMIT])


def configure() -> None:
    """With the provider of `opentelemetry-instrument`; without it there are no spans."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.add_span_processor(RedactionProcessor())
        provider.add_span_processor(LoadRunProcessor())

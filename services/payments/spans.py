"""Takes the secrets out of the server span: FastAPI puts path and query on it as they came."""

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider

from payments import redaction

ATTRIBUTES = ("url.path", "url.query", "http.request.method_original")
TEXT_LIMIT = 1_024


class RedactionProcessor(SpanProcessor):
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 — the SDK's interface
        given = span.attributes or {}
        for key in ATTRIBUTES:
            value = given.get(key)
            if isinstance(value, str):
                span.set_attribute(key, redaction.text(value)[:TEXT_LIMIT])


def configure() -> None:
    """With the provider of `opentelemetry-instrument`; without it there are no spans."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.add_span_processor(RedactionProcessor())

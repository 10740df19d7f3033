"""OpenTelemetry's tracer and logger providers, set once for the process, feeding our pump."""

from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry import _logs, trace
from opentelemetry.context import Context, get_value
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import (
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    StaticSampler,
    TraceIdRatioBased,
    _get_from_env_or_default,
)
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace.span import TraceState
from opentelemetry.util.types import Attributes

from sightline.telemetry.events import QUIET

Hand = Callable[[Any], None]


class SwitchSampler(Sampler):
    """The configured sampler, and no spans at all below a silent route."""

    def __init__(self, inner: Sampler) -> None:
        self.use(inner)

    def use(self, inner: Sampler) -> None:
        self.inner = inner
        self.follows_parent = isinstance(inner, ParentBased)
        root = inner._root if isinstance(inner, ParentBased) else inner  # noqa: SLF001 — no accessor
        self.ratio_bound: int | None = None
        if isinstance(root, TraceIdRatioBased):
            self.ratio_bound = root.bound
        elif isinstance(root, StaticSampler):
            always = root.get_description() == "AlwaysOnSampler"
            self.ratio_bound = 1 << 64 if always else 0

    def decide(self, trace_id: int, parent_sampled: bool | None) -> bool:  # noqa: FBT001 — a tri-state fact, not a flag
        """What `should_sample` would answer for a server span, without building the answer."""
        if self.follows_parent and parent_sampled is not None:
            return parent_sampled
        if self.ratio_bound is None:
            result = self.inner.should_sample(None, trace_id, "HTTP", SpanKind.SERVER)
            return result.decision is Decision.RECORD_AND_SAMPLE
        return trace_id & TraceIdRatioBased.TRACE_ID_LIMIT < self.ratio_bound

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if get_value(QUIET, parent_context):
            return SamplingResult(Decision.DROP)
        return self.inner.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        return self.inner.get_description()


class PumpSpanProcessor(SpanProcessor):
    """Hands each ended, sampled span of the SDK to the pump."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand

    def on_end(self, span: ReadableSpan) -> None:
        context = span.context
        if context is not None and context.trace_flags.sampled:
            self.hand(span)


class PumpLogProcessor(LogRecordProcessor):
    """Hands each record written through OpenTelemetry's logs API to the pump."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        self.hand(log_record)

    def shutdown(self) -> None:
        """The pump is shut down by the runtime."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 — the interface
        return True


class _Installed:
    """What this process has given OpenTelemetry; its globals can be set only once."""

    provider: TracerProvider | None = None
    sampler: SwitchSampler | None = None
    spans: PumpSpanProcessor | None = None
    logs: PumpLogProcessor | None = None


def install_tracing(resource: Resource, hand: Hand) -> tuple[TracerProvider, SwitchSampler]:
    """Ours becomes the global provider; one that is there already stays and gets our processor."""
    if _Installed.provider is not None and _Installed.sampler is not None:
        _Installed.sampler.use(_get_from_env_or_default())
    else:
        _Installed.provider, _Installed.sampler = _first_provider(resource)
        _Installed.spans = PumpSpanProcessor(hand)
        _Installed.provider.add_span_processor(_Installed.spans)
    if _Installed.spans is not None:
        _Installed.spans.hand = hand
    return _Installed.provider, _Installed.sampler


def _first_provider(resource: Resource) -> tuple[TracerProvider, SwitchSampler]:
    present = trace.get_tracer_provider()
    if isinstance(present, TracerProvider):
        return present, SwitchSampler(present.sampler)
    sampler = SwitchSampler(_get_from_env_or_default())
    provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    trace.set_tracer_provider(provider)
    return provider, sampler


def install_logs(resource: Resource, hand: Hand) -> None:
    if _Installed.logs is not None:
        _Installed.logs.hand = hand
        return
    _Installed.logs = PumpLogProcessor(hand)
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_log_record_processor(_Installed.logs)
    _logs.set_logger_provider(provider)

"""One OTLP request from bytes to the store's queue, whichever way it came."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from sightline.viewer.receive.decoding import Decoded, Memory
from sightline.viewer.receive.logs import decode_logs, tail_rows
from sightline.viewer.receive.messages import from_json, from_protobuf
from sightline.viewer.receive.metrics import MetricDecoder
from sightline.viewer.receive.problems import Busy, Refused
from sightline.viewer.receive.repeats import Repeats, Taking, digest_of
from sightline.viewer.receive.tally import Tally
from sightline.viewer.receive.traces import decode_traces, forget_spans
from sightline.viewer.receive.views import LogsView, TracesView
from sightline.viewer.store import Batch, NotStored, QueueFull, Store

_IN_A_THREAD = 256 * 1024  # a larger request would hold up the event loop for too long


@dataclass(frozen=True, slots=True)
class Signal:
    """How one of OTLP's signals is decoded and answered."""

    name: str
    request: type[Message]
    view: type[Message]  # as which the decoder reads it
    response: type[Message]
    rejected_field: str
    decode: Callable[[bytes, Any], Decoded]


class Receiver:
    """Decodes, redacts, counts and queues; raises `Refused` with what to tell the sender."""

    def __init__(self, store: Store, tally: Tally, *, durable: bool = False) -> None:
        self._store = store
        self._tally = tally
        self._durable = durable
        self._memory = Memory(store.resources)
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="decode")
        self._repeats = Repeats(store.requests)
        self._metric_decoder = MetricDecoder(store, self._memory)
        self.signals: Mapping[str, Signal] = {
            signal.name: signal for signal in (self._traces(), self._metrics(), self._logs())
        }

    async def receive(self, name: str, raw: bytes, *, json: bool = False) -> Message:
        """Take a request's bytes and give the response to send back."""
        signal = self.signals[name]
        self._tally.requests += 1
        digest = digest_of(name, raw)
        if digest in self._repeats:
            repeated = await self._repeats.answered(digest)
            if repeated is not None:
                self._tally.repeated_requests += 1
                for service, items in repeated:
                    self._tally.accept(name, service, items, duplicates=items)
                return _response(signal, Decoded.of(b""))
        with self._repeats.taking(digest) as taking:
            decoded = await self._take(signal, raw, taking, json=json)
        return _response(signal, decoded)

    def note(self, name: str, refused: Refused) -> None:
        """Count a request that was refused, wherever on its way."""
        self._tally.refuse(name, refused.status, refused.message)

    def close(self) -> None:
        self._threads.shutdown()

    async def _take(self, signal: Signal, raw: bytes, taking: Taking, *, json: bool) -> Decoded:
        try:
            self._store.reserve(len(raw))
        except QueueFull as error:
            raise Busy("the viewer is busy storing; send this again in a second") from error
        try:
            decoded = await self._decode(signal, raw, json=json)
        except BaseException:
            self._store.release(len(raw))
            raise
        if decoded.timed and decoded.services:
            taking.items = tuple((name, each.received) for name, each in decoded.services.items())
            decoded.batch.requests.append((taking.digest, time.time_ns() // 1_000_000))
        else:
            taking.forget()
        stored = self._store.append(decoded.batch, wait=self._durable)
        self._count(signal, decoded)
        self._publish(decoded)
        if stored is not None:
            await self._committed(stored, decoded.batch)
        return decoded

    async def _committed(self, stored: "Future[None]", batch: Batch) -> None:
        try:
            await asyncio.wrap_future(stored)
        except NotStored as error:
            forget_spans(batch.spans, self._memory)
            if len(batch.points):
                self._metric_decoder.forget(batch.points)
            raise Busy(f"it could not be stored: {error}") from error

    async def _decode(self, signal: Signal, raw: bytes, *, json: bool) -> Decoded:
        if len(raw) <= _IN_A_THREAD:
            return _decode(signal, raw, json=json)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: _decode(signal, raw, json=json))

    def _count(self, signal: Signal, decoded: Decoded) -> None:
        for service, accepted in decoded.services.items():
            self._tally.accept(
                signal.name, service, accepted.received, accepted.rejected, accepted.duplicates
            )
        if decoded.reason:
            self._tally.last_rejection[signal.name] = decoded.reason

    def _publish(self, decoded: Decoded) -> None:
        if decoded.batch.logs and self._store.tail.wanted:
            self._store.tail.publish(tail_rows(decoded.batch.logs, self._memory.resources.by_id))

    def _traces(self) -> Signal:
        return Signal(
            "traces",
            ExportTraceServiceRequest,
            TracesView,
            ExportTraceServiceResponse,
            "rejected_spans",
            lambda raw, message: decode_traces(raw, message, self._memory),
        )

    def _metrics(self) -> Signal:
        return Signal(
            "metrics",
            ExportMetricsServiceRequest,
            ExportMetricsServiceRequest,
            ExportMetricsServiceResponse,
            "rejected_data_points",
            self._metric_decoder.decode,
        )

    def _logs(self) -> Signal:
        return Signal(
            "logs",
            ExportLogsServiceRequest,
            LogsView,
            ExportLogsServiceResponse,
            "rejected_log_records",
            lambda raw, message: decode_logs(raw, message, self._memory, self._store.next_sequence),
        )


def _decode(signal: Signal, raw: bytes, *, json: bool) -> Decoded:
    sent = from_json(signal.request, raw).SerializeToString() if json else raw
    return signal.decode(raw, from_protobuf(signal.view, sent))


def _response(signal: Signal, decoded: Decoded) -> Message:
    response = signal.response()
    if decoded.rejected:
        partial: Any = response.partial_success  # type: ignore[attr-defined] # every response has it
        setattr(partial, signal.rejected_field, decoded.rejected)
        partial.error_message = decoded.reason
    return response

"""A bounded queue of encoded records for one signal, and the thread that sends them.

What could not be sent waits and is sent when the endpoint is back; what the queue cannot hold
is counted, oldest first.
"""

import threading
import time
from collections import deque

from opentelemetry import context as otel_context
from opentelemetry.instrumentation.utils import suppress_instrumentation

from sightline.telemetry.otlp.health import EndpointHealth
from sightline.telemetry.otlp.request import Scope, encode_request
from sightline.telemetry.otlp.transport import Outcome, Send
from sightline.telemetry.settings import ExportSettings

_BYTES_LIMIT = 2_000_000  # below gRPC's default of 4 MB for one message
_BACKOFF = (0.5, 1.0, 2.0)
_TIMEOUT = 10.0

Record = tuple[Scope, bytes]


class Outbox:
    def __init__(
        self, settings: ExportSettings, resource: bytes, send: Send, health: EndpointHealth
    ) -> None:
        self.settings = settings
        self.exported = 0
        self.dropped = 0
        self.failures = 0
        self._resource = resource
        self._send = send
        self._health = health
        self._waiting: deque[Record] = deque()
        self._unsent: list[Record] = []
        self._tries = 0
        self._wake = threading.Event()
        self._sending = threading.Lock()
        self._closed = False
        self._start()

    @property
    def size(self) -> int:
        return len(self._waiting) + len(self._unsent)

    def put(self, scope: Scope, record: bytes) -> None:
        waiting = self._waiting
        waiting.append((scope, record))
        size = len(waiting)
        if size >= self.settings.batch_size and not self._wake.is_set() and not self._tries:
            self._wake.set()
        if size + len(self._unsent) > self.settings.queue_size:
            waiting.popleft()
            self.dropped += 1
            self._health.dropped(self.settings.signal)

    def _start(self) -> None:
        name = f"sightline-{self.settings.signal}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def restart_after_fork(self, resource: bytes, send: Send) -> None:
        """Another process has its own resource and channel; the old queue is the parent's."""
        self._resource, self._send = resource, send
        self._waiting.clear()
        self._unsent = []
        self.exported = self.dropped = self.failures = self._tries = 0
        self._wake = threading.Event()
        self._sending = threading.Lock()
        self._start()

    def _run(self) -> None:
        otel_context.attach(otel_context.Context())
        with suppress_instrumentation():
            while not self._closed:
                backoff = _BACKOFF[min(self._tries, len(_BACKOFF)) - 1] if self._tries else None
                self._wake.wait(backoff or self.settings.delay)
                self._wake.clear()
                while not self._closed and self.size and self._send_batch(_TIMEOUT):
                    pass

    def _send_batch(self, timeout: float) -> bool:
        """True if a batch is gone, whichever way, and the next can be tried at once."""
        if not self._sending.acquire(timeout=timeout):
            return False
        try:
            batch = self._unsent = self._unsent or self._take()
            if not batch:
                return False
            outcome, reason = self._send(encode_request(self._resource, batch), timeout)
            return self._note(batch, outcome, reason)
        finally:
            self._sending.release()

    def _note(self, batch: list[Record], outcome: Outcome, reason: str) -> bool:
        if outcome is Outcome.RETRY:
            self._tries += 1
            self.failures += 1
            self._health.down(reason)
            return False
        self._unsent = []
        self._tries = 0
        if outcome is Outcome.SENT:
            self.exported += len(batch)
            self._health.up(self.size)
        else:
            self.failures += 1
            self.dropped += len(batch)
            self._health.refused(self.settings.signal, len(batch), reason)
        return True

    def _take(self) -> list[Record]:
        waiting, size = self._waiting, 0
        batch: list[Record] = []
        while waiting and len(batch) < self.settings.batch_size and size < _BYTES_LIMIT:
            record = waiting.popleft()
            batch.append(record)
            size += len(record[1])
        return batch

    def flush(self, timeout: float) -> bool:
        """Sends what waits, in the caller's thread; True if nothing is left."""
        deadline = time.monotonic() + timeout
        with suppress_instrumentation():
            while self.size and (left := deadline - time.monotonic()) > 0:
                if not self._send_batch(left):
                    break
        return not self.size

    def close(self) -> None:
        self._closed = True
        self._wake.set()

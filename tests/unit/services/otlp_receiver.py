"""An OTLP endpoint that keeps what it is sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Receiver:
    """What arrived by OTLP over HTTP, by signal."""

    endpoint: str = ""
    bodies: dict[str, list[bytes]] = field(default_factory=dict)

    def spans(self) -> list[Any]:
        requests = [ExportTraceServiceRequest.FromString(b) for b in self._of("traces")]
        return [
            s for r in requests for g in r.resource_spans for c in g.scope_spans for s in c.spans
        ]

    def resources(self) -> list[dict[str, str]]:
        requests = [ExportTraceServiceRequest.FromString(b) for b in self._of("traces")]
        return [plain(g.resource.attributes) for r in requests for g in r.resource_spans]

    def logs(self) -> list[Any]:
        requests = [ExportLogsServiceRequest.FromString(b) for b in self._of("logs")]
        return [
            x
            for r in requests
            for g in r.resource_logs
            for c in g.scope_logs
            for x in c.log_records
        ]

    def metrics(self) -> set[str]:
        requests = [ExportMetricsServiceRequest.FromString(b) for b in self._of("metrics")]
        return {
            m.name
            for r in requests
            for g in r.resource_metrics
            for c in g.scope_metrics
            for m in c.metrics
        }

    def _of(self, kind: str) -> list[bytes]:
        return list(self.bodies.get(f"/v1/{kind}", []))


def plain(attributes: Any) -> dict[str, Any]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}


@contextmanager
def receive() -> Iterator[Receiver]:
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.bodies.setdefault(self.path, []).append(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    received.endpoint = f"http://127.0.0.1:{server.server_port}"
    yield received
    server.shutdown()
    thread.join()
    server.server_close()

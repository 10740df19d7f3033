"""An OTLP endpoint that counts what it is sent, over HTTP and gRPC; `GET /counts` tells."""

import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

COUNTS = {"spans": 0, "logs": 0}


def count_spans(request: Any) -> None:
    COUNTS["spans"] += sum(len(s.spans) for r in request.resource_spans for s in r.scope_spans)


def count_logs(request: Any) -> None:
    COUNTS["logs"] += sum(len(s.log_records) for r in request.resource_logs for s in r.scope_logs)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(f"{COUNTS['spans']} {COUNTS['logs']}".encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces":
            count_spans(trace_service_pb2.ExportTraceServiceRequest.FromString(body))
        else:
            count_logs(ExportLogsServiceRequest.FromString(body))
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the base class's name
        """Quiet."""


class Traces(trace_service_pb2_grpc.TraceServiceServicer):
    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 — gRPC's names
        count_spans(request)
        return trace_service_pb2.ExportTraceServiceResponse()


def serve(http_port: int, grpc_port: int) -> None:
    server = grpc.server(ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Traces(), server)
    server.add_insecure_port(f"127.0.0.1:{grpc_port}")
    server.start()
    ThreadingHTTPServer(("127.0.0.1", http_port), Handler).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))

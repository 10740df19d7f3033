"""A real Loki, a real Tempo and the viewer, each given the same lines and spans by OTLP."""

from dataclasses import dataclass
from typing import ClassVar

import grpc
import httpx2
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from stores import Stores
from viewer_in_place import ViewerBeside

PROTOBUF = {"content-type": "application/x-protobuf"}


@dataclass
class SideBySide(ViewerBeside):
    """No service and no Collector: what is sent is sent by the test."""

    STARTED: ClassVar[tuple[str, ...]] = ("loki", "tempo", "viewer")

    def send_lines(self, request: ExportLogsServiceRequest) -> None:
        for endpoint in (f"{self.url('loki')}/otlp", self.url("viewer", 4318)):
            answer = httpx2.post(
                f"{endpoint}/v1/logs", content=request.SerializeToString(), headers=PROTOBUF
            )
            assert answer.status_code in {200, 204}, answer.text

    def send_spans(self, request: ExportTraceServiceRequest) -> None:
        for name in ("tempo", "viewer"):
            with grpc.insecure_channel(f"127.0.0.1:{self.port(name, 4317)}") as channel:
                rejected = TraceServiceStub(channel).Export(request, timeout=30).partial_success
                assert not rejected.rejected_spans, rejected.error_message

    def real(self, client: httpx2.Client) -> Stores:
        return Stores("", self.url("loki"), self.url("tempo"), client)

    def ours(self, client: httpx2.Client) -> Stores:
        return Stores("", self.url("viewer"), self.url("viewer"), client)

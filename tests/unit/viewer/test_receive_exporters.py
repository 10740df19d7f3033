"""The Python SDK's own OTLP exporters, HTTP and gRPC, into a running viewer."""

from collections.abc import Iterator
from typing import Any

import grpc
import otlp_requests as otlp
import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from viewer_process import Viewer, viewer

SPANS = 1_500


@pytest.fixture(scope="module")
def running() -> Iterator[Viewer]:
    with viewer(None) as started:
        yield started


def exporters(running: Viewer, protocol: str) -> tuple[Any, Any, Any]:
    if protocol == "grpc":
        address = f"127.0.0.1:{running.otlp_grpc}"
        return tuple(  # type: ignore[return-value]
            each(endpoint=address, insecure=True) for each in (GrpcSpans, GrpcMetrics, GrpcLogs)
        )
    base = f"http://127.0.0.1:{running.otlp_http}/v1"
    return (
        HttpSpans(endpoint=f"{base}/traces", compression=Compression.Gzip),
        HttpMetrics(endpoint=f"{base}/metrics"),
        HttpLogs(endpoint=f"{base}/logs", compression=Compression.Gzip),
    )


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_all_that_the_sdk_exports_is_stored_exactly_once(running: Viewer, protocol: str) -> None:
    resource = Resource.create({"service.name": f"sdk-{protocol}", "service.instance.id": "1"})
    for_spans, for_metrics, for_logs = exporters(running, protocol)
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(BatchSpanProcessor(for_spans))
    logging = LoggerProvider(resource=resource)
    logging.add_log_record_processor(BatchLogRecordProcessor(for_logs))
    metering = MeterProvider(
        resource=resource, metric_readers=[PeriodicExportingMetricReader(for_metrics)]
    )
    spans, logs = running.rows("spans"), running.rows("logs")
    orders = metering.get_meter("orders").create_counter("orders.created", unit="{order}")
    seconds = metering.get_meter("orders").create_histogram("payment.duration", unit="s")
    for number in range(SPANS):
        with tracing.get_tracer("orders").start_as_current_span("placed") as span:
            orders.add(1, {"payment.method": "card"})
            if number == 0:
                seconds.record(0.3)
                logging.get_logger("orders").emit(body="order.created", severity_text="INFO")
                trace_id = f"{span.get_span_context().trace_id:032x}"
    for provider in (tracing, logging, metering):
        provider.shutdown()
    running.stored("spans", spans + SPANS)
    running.stored("logs", logs + 1)
    selector = f'{{job="sdk-{protocol}"}}'
    sample = running.query(f"orders_created_total{selector}")[0]
    assert sample["value"][1] == str(SPANS)
    assert sample["metric"]["payment_method"] == "card"
    assert sample["metric"]["instance"] == "1"
    median = running.query(f"histogram_quantile(0.5, payment_duration_seconds_bucket{selector})")
    assert 0 < float(median[0]["value"][1]) < 5
    end = sample["value"][0] + 1
    exemplars = running.json(
        "/api/v1/query_exemplars",
        query=f"payment_duration_seconds_bucket{selector}",
        start=str(end - 600),
        end=str(end),
    )["data"]
    assert [each["labels"]["trace_id"] for each in exemplars[0]["exemplars"]] == [trace_id]
    line = running.json(
        "/loki/api/v1/query_range",
        query=f'{{service_name="sdk-{protocol}"}} | trace_id="{trace_id}"',
    )
    assert line["data"]["result"][0]["values"][0][1] == "order.created"


def test_grpc_refuses_bytes_that_are_no_otlp(running: Viewer) -> None:
    before = running.rows("spans")
    with grpc.insecure_channel(f"127.0.0.1:{running.otlp_grpc}") as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        with pytest.raises(grpc.RpcError) as refused:
            export(b"\xff\xfe not protobuf", timeout=10)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "ExportTraceServiceRequest" in refused.value.details()
        with pytest.raises(grpc.RpcError) as refused:
            export(bytes(17 * 1024 * 1024), timeout=30)
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        answer = TraceServiceStub(channel).Export(otlp.traces(2), timeout=10)
        assert not answer.partial_success.rejected_spans
    running.stored("spans", before + 2)


def test_what_is_acknowledged_under_durable_is_stored_at_once() -> None:
    with viewer(None, "--durable") as durable:
        for sent in range(1, 6):
            durable.post("/v1/traces", otlp.traces().SerializeToString())
            assert durable.rows("spans") == sent


def test_it_ends_in_good_order() -> None:
    with viewer(None) as other:
        assert other.stop() == 0

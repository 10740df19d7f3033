"""Two made-up services that send real telemetry by the SDK's exporters and offer /metrics."""

import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import (
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    format_span_id,
    format_trace_id,
)
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

MARKUP = '<img src=x onerror="document.title=1"><b>bold</b>'
STEP = 5  # seconds; a chart ends at the last full one, and what is younger it does not show
LEVELS = {"INFO": SeverityNumber.INFO, "WARN": SeverityNumber.WARN, "ERROR": SeverityNumber.ERROR}
Fields = dict[str, str | int]


@dataclass(frozen=True)
class Sent:
    """The ids of a trace that was sent."""

    trace: str
    root: str
    charge: str


class Service:
    """One service's tracer and logger; each record leaves at once."""

    def __init__(self, name: str, otlp: int) -> None:
        resource = Resource.create({"service.name": name, "service.namespace": "test"})
        base = f"http://127.0.0.1:{otlp}/v1"
        self._spans = TracerProvider(resource=resource)
        self._spans.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{base}/traces")))
        self._logs = LoggerProvider(resource=resource)
        self._logs.add_log_record_processor(
            SimpleLogRecordProcessor(OTLPLogExporter(endpoint=f"{base}/logs"))
        )
        self.tracer: Tracer = self._spans.get_tracer("shop.tests")

    def log(
        self, event: str, level: str = "INFO", *, at: int | None = None, **fields: str | int
    ) -> None:
        record = LogRecord(
            timestamp=at or time.time_ns(),
            severity_text=level,
            severity_number=LEVELS[level],
            body=event,
            attributes=fields,
        )
        self._logs.get_logger("shop.tests").emit(record)

    def close(self) -> None:
        self._spans.shutdown()
        self._logs.shutdown()


class Shop:
    def __init__(self, viewer: str, otlp: int) -> None:
        self.viewer = viewer
        self.otlp = otlp
        self.front = Service("shop", otlp)
        self.bank = Service("bank", otlp)
        self.hostile = Service(MARKUP, otlp)
        registry = CollectorRegistry()
        self.registry = registry
        self._requests = Counter(
            "http_requests", "Requests.", ["handler", "method", "status"], registry=registry
        )
        self._duration = Histogram(
            "http_request_duration_seconds", "Time.", ["handler", "method"], registry=registry
        )
        self.jammed_tills = Gauge("shop_jammed_tills", "Tills.", registry=registry)
        self.first = self.order()

    @classmethod
    @contextmanager
    def open(cls, viewer: str, otlp: int, metrics: int) -> Iterator["Shop"]:
        shop = cls(viewer, otlp)
        server, thread = start_http_server(metrics, addr="127.0.0.1", registry=shop.registry)
        # One line is of two days ago, which is past its age.
        shop.bank.log("long.ago", at=time.time_ns() - 2 * 86_400 * 1_000_000_000)
        # A sender chooses its names, and no view may give way to long ones.
        shop.hostile_order()
        closing = threading.Event()
        traffic = threading.Thread(target=shop._trade, args=(closing,))
        traffic.start()
        try:
            yield shop
        finally:
            closing.set()
            traffic.join()
            for service in (shop.front, shop.bank, shop.hostile):
                service.close()
            server.shutdown()
            server.server_close()
            thread.join()

    def _trade(self, closing: threading.Event) -> None:
        """A request now and then, so that rates and quantiles move."""
        while not closing.wait(0.2):
            exemplar = {"trace_id": self.first.trace, "span_id": self.first.root}
            for handler in ("/orders", MARKUP):
                self._requests.labels(handler, "POST", "2xx").inc()
                self._duration.labels(handler, "POST").observe(0.2, exemplar)

    def order(self, **fields: str | int) -> Sent:
        """A request that crosses both services; the charge fails, and each writes a line."""
        tracer = self.front.tracer
        with tracer.start_as_current_span("POST /orders", kind=SpanKind.SERVER) as root:
            root.set_attribute("http.route", "/orders")
            with tracer.start_as_current_span("validate.inventory") as check:
                check.set_attribute("product.id", 7)
            with self.bank.tracer.start_as_current_span(
                "POST /charges", kind=SpanKind.SERVER, set_status_on_exception=False
            ) as charge:
                charge.record_exception(_raised("card declined"))
                charge.set_status(Status(StatusCode.ERROR, "the bank says no"))
                self.bank.log("charge.declined", "WARN", amount=1700, **fields)
            self.front.log("order.refused", "ERROR", reason="declined", **fields)
        return Sent(*_ids(root), _ids(charge)[1])

    def call(self, route: str) -> Sent:
        """A call by a client's span; the bank beneath it fails."""
        name = f"GET /{route}"
        with (
            self.front.tracer.start_as_current_span(name, kind=SpanKind.CLIENT) as call,
            self.bank.tracer.start_as_current_span(name, kind=SpanKind.SERVER) as span,
        ):
            span.set_status(Status(StatusCode.ERROR, "closed"))
        return Sent(*_ids(call), _ids(span)[1])

    def hostile_order(self) -> Sent:
        """Markup in each field that a sender chooses."""
        with self.hostile.tracer.start_as_current_span(f"span {MARKUP}") as span:
            span.set_attribute(f"key {MARKUP}", f"value {MARKUP}")
            span.add_event(f"event {MARKUP}", {f"of event {MARKUP}": MARKUP})
            span.record_exception(_raised(f"exception {MARKUP}"))
            span.set_status(Status(StatusCode.ERROR, f"status {MARKUP}"))
            self.hostile.log(f"line {MARKUP}", "ERROR", note=f"field {MARKUP}")
        return Sent(*_ids(span), _ids(span)[1])

    def ask(self, path: str, **params: str) -> Any:
        address = f"{self.viewer}{path}?{urllib.parse.urlencode(params)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return orjson.loads(answer.read())

    def wait_for_lines(self, selector: str, count: int) -> None:
        _wait(lambda: self._lines(selector) >= count, f"{count} lines of {selector}")

    def wait_for_result(self, path: str, query: str, count: int) -> None:
        """Until so many series answer where a chart that is asked for now would end."""
        _wait(lambda: self._results(path, query) >= count, f"{count} series of {query}")

    def wait_for_exemplars(self, query: str) -> None:
        ask = "/api/v1/query_exemplars"
        _wait(lambda: self.ask(ask, query=query, end=_last_step())["data"], f"exemplars of {query}")

    def wait_for_alert(self, name: str, state: str) -> None:
        _wait(lambda: state in self._alert_states(name), f"the state {state} of {name}")

    def _alert_states(self, name: str) -> list[str]:
        groups = self.ask("/api/v1/rules", type="alert", **{"rule_name[]": name})["data"]["groups"]
        return [rule["state"] for group in groups for rule in group["rules"]]

    def _lines(self, selector: str) -> int:
        answer = self.ask("/loki/api/v1/query_range", query=selector)
        return sum(len(stream["values"]) for stream in answer["data"]["result"])

    def _results(self, path: str, query: str) -> int:
        return len(self.ask(path, query=query, time=_last_step())["data"]["result"])


def _last_step() -> str:
    return str(int(time.time()) // STEP * STEP)


def _wait(until: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + 30
    while not until():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.05)


def _ids(span: Any) -> tuple[str, str]:
    context = span.get_span_context()
    return format_trace_id(context.trace_id), format_span_id(context.span_id)


def _raised(message: str) -> Exception:
    """With the stack that raising leaves."""
    try:
        _refuse(message)
    except ValueError as error:
        return error
    raise AssertionError


def _refuse(message: str) -> None:
    raise ValueError(message)

"""What a small shop sends: spans, log records and metric points, as templates to be stamped."""

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    HistogramDataPoint,
    Metric,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from stamps import Markers, Template

TEMPLATES = 8
SPANS = LOGS = 512  # a request's, as the SDKs send them
_MS = 1_000_000
_SPANS_PER_TRACE = 8
_TRACES = SPANS // _SPANS_PER_TRACE
_SERVER, _CLIENT, _INTERNAL, _ERROR = 2, 3, 1, 2
_SQL = "INSERT INTO orders (product_id, quantity, currency, total) VALUES (?, ?, ?, ?)"
_METHODS, _CURRENCIES = ("card", "paypal", "invoice"), ("EUR", "USD", "GBP")
_HANDLERS = ("/orders", "/orders/{order_id}", "/checkout", "/products", "/cart", "/login")
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
_PAYMENT_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
INSTANCES = 4  # of orders, each sending its own metrics


class _Part(NamedTuple):
    """A span of a checkout: its parent's place, when it starts and how long it takes, in ms."""

    name: str
    kind: int
    parent: int
    start: float
    length: float
    attributes: dict[str, Any]


def spans(number: int) -> Template:
    """Checkouts of eight spans each; in one template of eight some fail and some are slow."""
    markers, message = Markers(), ExportTraceServiceRequest()
    orders, payments = (
        message.resource_spans.add(resource=resource(service)) for service in ("orders", "payments")
    )
    scopes = _scopes(orders, "sightline.telemetry"), _scopes(payments, "opentelemetry.fastapi")
    for trace in range(_TRACES):
        unlike = number == 0 and trace < 4
        for place, part in enumerate(_checkout(markers.digits(trace), slow=unlike and trace < 2)):
            failed = unlike and trace >= 2 and place in (0, 3)
            start = trace * _MS + round(part.start * _MS)
            span = scopes[part.name == "POST /charge"].spans.add(
                trace_id=markers.trace_id(trace),
                span_id=markers.span_id(trace * _SPANS_PER_TRACE + place),
                name=part.name,
                kind=part.kind,
                start_time_unix_nano=markers.time(start),
                end_time_unix_nano=markers.time(start + round(part.length * _MS)),
                attributes=pairs(part.attributes),
            )
            if place:
                span.parent_span_id = markers.span_id(trace * _SPANS_PER_TRACE + part.parent)
            if failed:
                span.status.code, span.status.message = _ERROR, "payment declined"
    return Template(message, markers, SPANS)


def _checkout(order: str, *, slow: bool) -> list[_Part]:
    wait = 700 if slow else 0
    http = {"network.protocol.version": "1.1", "server.address": "127.0.0.1", "url.scheme": "http"}
    ours = {
        **http,
        "http.request.method": "POST",
        "http.route": "/checkout",
        "http.response.status_code": 201,
        "url.path": "/checkout",
        "user_agent.original": "python-httpx/0.28.1",
        "client.address": "10.0.0.7",
        "order.id": order,
    }
    call = {
        **http,
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "url.full": f"http://payments:8001/charge?order={order}",
        "server.port": 8001,
    }
    theirs = {**call, "http.route": "/charge", "url.path": "/charge"}
    query = {"db.system.name": "sqlite", "db.namespace": "orders", "db.query.text": _SQL}
    stock = {"product.id": 3, "quantity": 2, "in_stock": True}
    charge = {"amount": 59.8, "currency": "EUR", "charge.id": f"ch_{order}"}
    return [
        _Part("POST /checkout", _SERVER, 0, 0, 48 + wait, ours),
        _Part("validate.inventory", _INTERNAL, 0, 1, 4, stock),
        _Part("SELECT products", _CLIENT, 1, 2, 2, query),
        _Part("payment.process", _INTERNAL, 0, 6, 30 + wait, charge),
        _Part("POST", _CLIENT, 3, 7, 28 + wait, call),
        _Part("POST /charge", _SERVER, 4, 9, 24 + wait, theirs),
        _Part("INSERT orders", _CLIENT, 0, 38 + wait, 3, query),
        _Part("notification.send_email", _INTERNAL, 0, 42 + wait, 5, {"email.kind": "receipt"}),
    ]


def logs(number: int) -> Template:
    """JSON lines as `sightline.telemetry` writes them; one in 64 is a warning, one an error."""
    markers, message = Markers(), ExportLogsServiceRequest()
    scope = message.resource_logs.add(resource=resource("orders")).scope_logs.add()
    scope.scope.name = "orders"
    for line in range(LOGS):
        severity = {7: 13, 8: 17}.get(line % 64, 9)
        order = markers.digits(line)
        body = f"order.created order {order} of product {line % 5 + 1} for ada@example.com"
        attributes = {
            "event": "order.created",
            "request_id": markers.digits(LOGS + line),
            "order_id": order,
            "payment_method": _METHODS[(line + number) % 3],
            "currency": _CURRENCIES[line % 3],
            "duration_ms": 40.5 + line % 7,
            "route": _HANDLERS[line % 6],
        }
        scope.log_records.add(
            time_unix_nano=markers.time(line * 10_000),
            observed_time_unix_nano=markers.time(line * 10_000),
            severity_number=severity,  # type: ignore[arg-type] # the number of the enumeration
            severity_text={13: "WARN", 17: "ERROR"}.get(severity, "INFO"),
            body=AnyValue(string_value=body),
            attributes=pairs(attributes),
            trace_id=markers.trace_id(line // 8),
            span_id=markers.span_id(line),
        )
    return Template(message, markers, LOGS)


def metrics(number: int) -> Template:
    """The counters and histograms of `orders`, of one of its instances."""
    markers, message = Markers(), ExportMetricsServiceRequest()
    group = message.resource_metrics.add(resource=resource("orders", str(number % INSTANCES)))
    into = group.scope_metrics.add().metrics
    points = 0
    for handler, (status, rate) in product(_HANDLERS, (("2xx", 50), ("4xx", 1), ("5xx", 0.2))):
        labels = {"handler": handler, "method": "POST", "status": status}
        points += _counter(_metric(into, "http.requests", ""), markers, rate, labels)
    for handler in _HANDLERS:
        labels = {"handler": handler, "method": "POST"}
        into_one = _metric(into, "http.request.duration", "s")
        points += _histogram(into_one, markers, 51, labels, _BOUNDS)
    for method, currency in product(_METHODS, _CURRENCIES):
        labels = {"payment_method": method, "currency": currency}
        points += _counter(_metric(into, "orders.created", ""), markers, 2, labels)
        into_one = _metric(into, "payment.duration", "s")
        points += _histogram(into_one, markers, 2, labels, _PAYMENT_BOUNDS)
    gauge = _metric(into, "active.checkouts", "").gauge
    gauge.data_points.add(time_unix_nano=markers.time(0), as_int=3)
    return Template(message, markers, points + 1)


def _metric(into: Any, name: str, unit: str) -> Metric:
    found = next((metric for metric in into if metric.name == name), None)
    made: Metric = found or into.add(name=name, unit=unit, description=f"{name} of the shop")
    return made


def _counter(metric: Metric, markers: Markers, rate: float, labels: dict[str, Any]) -> int:
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    metric.sum.data_points.add(
        time_unix_nano=markers.time(0), as_double=markers.rising(rate), attributes=pairs(labels)
    )
    return 1


def _histogram(
    metric: Metric,
    markers: Markers,
    rate: float,
    labels: dict[str, Any],
    bounds: tuple[float, ...],
) -> int:
    metric.histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    each = rate / (len(bounds) + 1)
    metric.histogram.data_points.append(
        HistogramDataPoint(
            time_unix_nano=markers.time(0),
            count=markers.rising_int(rate),
            sum=markers.rising(rate * 0.05),
            bucket_counts=[markers.rising_int(each) for _ in range(len(bounds) + 1)],
            explicit_bounds=bounds,
            attributes=pairs(labels),
        )
    )
    return 1


def resource(service: str, instance: str = "1") -> Resource:
    known = {
        "service.name": service,
        "service.namespace": "sightline",
        "service.version": "1.0.0",
        "service.instance.id": f"{service}-{instance}",
        "deployment.environment.name": "bench",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": "1.45.1",
    }
    return Resource(attributes=pairs(known))


def pairs(of: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(item)) for key, item in of.items()]


def _value(of: Any) -> AnyValue:
    match of:
        case bool():
            return AnyValue(bool_value=of)
        case int():
            return AnyValue(int_value=of)
        case float():
            return AnyValue(double_value=of)
    return AnyValue(string_value=of)


def _scopes(group: ResourceSpans, name: str) -> ScopeSpans:
    scope = group.scope_spans.add()
    scope.scope.name = name
    return scope


TRAFFIC: dict[str, Callable[[int], Template]] = {"traces": spans, "logs": logs, "metrics": metrics}

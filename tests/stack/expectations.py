"""For each panel query what it must show: figures with a tolerance, or bounds."""

from collections.abc import Callable
from dataclasses import dataclass, field

from boards import WINDOW_SECONDS
from traffic import Sent
from truth import Bounds, Figures, Truth, kind, recent, revenue, seconds

EVENTS = 4  # requests that may fall on the other side of a window's edge


@dataclass(frozen=True)
class Shown:
    """Figures by legend ("" where there is but one), each within a fifth or `within`."""

    figures: Figures = field(default_factory=dict)
    within: float = EVENTS / WINDOW_SECONDS
    bounds: Bounds = field(default_factory=dict)


Expectation = Callable[[Truth], Shown]


def requests(truth: Truth) -> Shown:
    return Shown(truth.per_second(truth.window))


def requests_by_handler(truth: Truth) -> Shown:
    return Shown(truth.per_second(truth.window, lambda one: one.handler))


def failures_by_handler(truth: Truth) -> Shown:
    handlers = dict.fromkeys(truth.window.by(lambda one: one.handler), 0.0)
    return Shown(handlers | truth.per_second(truth.window.failed, lambda one: one.handler))


def failure_percentage(truth: Truth) -> Shown:
    return Shown({"": 100 * len(truth.window.failed) / len(truth.window)}, within=1)


def duration(share: float) -> Expectation:
    def expect(truth: Truth) -> Shown:
        took = [seconds(line) for line in recent(truth.lines, truth.at)]
        return Shown(bounds={"": truth.bucket("http_request_duration_seconds", share, took)})

    return expect


def p95_by_handler(truth: Truth) -> Shown:
    took: dict[str, list[float]] = {}
    for line in recent(truth.lines, truth.at):
        took.setdefault(line.get("route") or "none", []).append(seconds(line))
    metric = "http_request_duration_seconds"
    return Shown(bounds={name: truth.bucket(metric, 0.95, each) for name, each in took.items()})


def orders_per_minute(truth: Truth) -> Shown:
    return Shown({"": len(truth.window.placed) * 60 / WINDOW_SECONDS}, within=EVENTS)


def orders_by_kind(truth: Truth) -> Shown:
    placed = truth.window.placed.by(kind)
    return Shown({name: count * 60 / WINDOW_SECONDS for name, count in placed.items()}, EVENTS)


def payments_by_kind(truth: Truth) -> Shown:
    charged = truth.window.charged.by(kind)
    return Shown({name: count * 60 / WINDOW_SECONDS for name, count in charged.items()}, EVENTS)


def payments_without_order(truth: Truth) -> Shown:
    share = 1 - len(truth.window.placed) / len(truth.window.charged)
    return Shown({"": 100 * share}, within=2)


def payments_without_order_by_kind(truth: Truth) -> Shown:
    placed, charged = truth.window.placed.by(kind), truth.window.charged.by(kind)
    return Shown({name: 100 * (1 - placed[name] / charged[name]) for name in charged}, within=6)


def revenue_by_currency(truth: Truth) -> Shown:
    per_minute = {name: sum_ * 60 / WINDOW_SECONDS for name, sum_ in _revenue(truth).items()}
    return Shown(per_minute, within=EVENTS * 100)


def mean_order_value(truth: Truth) -> Shown:
    orders = truth.window.placed.by(lambda one: one.currency)
    return Shown({name: sum_ / orders[name] for name, sum_ in _revenue(truth).items()})


def payment_duration(share: float) -> Expectation:
    def expect(truth: Truth) -> Shown:
        truth.system.require("tempo")
        took = [each for _, each in truth.payment_seconds]
        return Shown(bounds={"": truth.bucket("payment_duration_seconds", share, took)})

    return expect


def payment_duration_by_kind(truth: Truth) -> Shown:
    """No span names its currency; but each kind lies where all of them lie."""
    truth.system.require("tempo")
    took = [each for _, each in truth.payment_seconds]
    high = truth.bucket("payment_duration_seconds", 1, took)[1]
    return Shown(bounds=dict.fromkeys(truth.window.charged.by(kind), (0, high)))


def nothing_open(_: Truth) -> Shown:
    return Shown(bounds={"": (0, 10)})


def zero(_: Truth) -> Shown:
    return Shown({"": 0}, within=1e-9)


def zero_by_signal(_: Truth) -> Shown:
    return Shown({"traces": 0, "logs": 0}, within=1e-9)


def zero_tries_by_signal(_: Truth) -> Shown:
    return Shown({"traces: failed tries": 0, "logs: failed tries": 0}, within=1e-9)


def nothing(_: Truth) -> Shown:
    return Shown()


def good_requests(share: Callable[[Truth], float]) -> Expectation:
    return lambda truth: Shown({"": 100 * (1 - share(truth))}, within=2)


def burn_rate(share: Callable[[Truth], float], objective: float) -> Expectation:
    return lambda truth: Shown({"": share(truth) / (1 - objective)}, within=1)


def budget_left(share: Callable[[Truth], float], objective: float) -> Expectation:
    return lambda truth: Shown({"": 100 * (1 - share(truth) / (1 - objective))}, within=100)


def budget_by_service(truth: Truth) -> Shown:
    left = {
        "orders availability": budget_left(Truth.failing, 0.995)(truth).figures[""],
        "orders latency": budget_left(Truth.slow, 0.99)(truth).figures[""],
        "payments availability": 100.0,
        "payments latency": 100.0,
    }
    return Shown(left, within=100)


def exactly(value: float) -> Expectation:
    return lambda _: Shown({"": value}, within=1e-9)


def who_answers(truth: Truth) -> Shown:
    return Shown(dict.fromkeys(truth.system.scraped, 1.0), within=1e-9)


def taken_from_orders(truth: Truth) -> Shown:
    truth.system.require("tempo")
    spans = truth.spans_per_second("orders")
    return Shown({"traces": spans, "logs": truth.lines_per_second("orders")}, within=1)


def little_waits(_: Truth) -> Shown:
    return Shown(bounds={"traces": (0, 20), "logs": (0, 20)})


def spans(truth: Truth) -> Shown:
    truth.system.require("tempo")
    return Shown({"": truth.spans_per_second()}, within=1)


def log_lines(truth: Truth) -> Shown:
    return Shown({"": truth.lines_per_second()}, within=1)


def pushed_points(truth: Truth) -> Shown:
    """Payments pushes its three instruments each 5 s, one point for each set of attributes."""
    query = 'count({service_name="payments", __name__=~"http_server.*(_count|_requests)"})'
    return Shown({"": truth.stores.number(query, truth.at) / 5})


def queues(_: Truth) -> Shown:
    names = ("otlp_http/logs", "otlp_http/metrics", "otlp_grpc/traces")
    return Shown(bounds=dict.fromkeys(names, (0, 20)))


def memory_of_the_collector(truth: Truth) -> Shown:
    if "otel-collector" not in truth.system.processes:  # in a container; its limit is known
        return Shown(bounds={"": (10e6, 400e6)})
    resident = truth.resident_bytes("otel-collector")
    return Shown(bounds={"": (resident / 2, resident * 2)})


def scrapes_are_quick(truth: Truth) -> Shown:
    return Shown(bounds=dict.fromkeys(who_answers(truth).figures, (0, 1)))


def samples_by_job(truth: Truth) -> Shown:
    """As many as there are series of the job, less those that the scrape itself adds."""
    found = truth.stores.promql(
        'count by (job) (last_over_time({job=~".+", __name__!~"scrape_.*|up"}[10s]'
        f" @ {truth.at}))",
    )
    counts = {one["metric"]["job"]: float(one["value"][1]) for one in found}
    return Shown({job: counts[job] for job in who_answers(truth).figures}, within=20)


def stored_samples(truth: Truth) -> Shown:
    """Those of the scrapes, and on top those of rules and pushes."""
    scraped = truth.stores.number("sum(scrape_samples_scraped)", truth.at) / 5
    return Shown(bounds={"": (0.9 * scraped, 3 * scraped)})


def stored_exemplars(truth: Truth) -> Shown:
    return Shown(bounds={"": (0.1, 100)})


def active_series(truth: Truth) -> Shown:
    status = truth.stores.client.get(f"{truth.stores.prometheus}/api/v1/status/tsdb")
    return Shown({"": status.json()["data"]["headStats"]["numSeries"]})


def streams(truth: Truth) -> Shown:
    given = {"match[]": '{service_name=~".+"}'}
    found = truth.stores.client.get(f"{truth.stores.loki}/loki/api/v1/series", params=given)
    return Shown(bounds={"": (2, len(found.json()["data"]))})


def calls(truth: Truth) -> Shown:
    charged = len(truth.window.charged) / WINDOW_SECONDS
    return Shown(
        {"orders → payments": charged, "user → orders": len(truth.window) / WINDOW_SECONDS},
    )


def calls_that_fail(truth: Truth) -> Shown:
    declined = payments_without_order(truth).figures[""]
    failed = failure_percentage(truth).figures[""]
    return Shown({"orders → payments": declined, "user → orders": failed}, within=4)


def p95_of_calls(truth: Truth) -> Shown:
    metric = "traces_service_graph_request_server_seconds"
    of_payments = [seconds(line) for line in truth.lines_of_payments]
    of_orders = [seconds(line) for line in recent(truth.lines, truth.at)]
    took = {"orders → payments": of_payments, "user → orders": of_orders}
    return Shown(bounds={name: truth.bucket(metric, 0.95, each) for name, each in took.items()})


def operations(truth: Truth) -> Shown:
    by_route = truth.window.by(_span_name)
    steps = {
        "payment.process": len(truth.window.charged),
        "notification.send_email": len(truth.window.placed),
    }
    rates = {name: count / WINDOW_SECONDS for name, count in {**by_route, **steps}.items()}
    return Shown(rates, within=0.15)


def p95_of_operations(truth: Truth) -> Shown:
    took: dict[str, list[float]] = {}
    for line in recent(truth.lines, truth.at):
        if line.get("route"):
            took.setdefault(f"{line['method']} {line['route']}", []).append(seconds(line))
    metric = "traces_spanmetrics_latency"
    bounds = {name: truth.bucket(metric, 0.95, each) for name, each in took.items()}
    return Shown(bounds=bounds)


def _span_name(one: Sent) -> str:
    return one.method if one.handler == "none" else f"{one.method} {one.handler}"


def _revenue(truth: Truth) -> Figures:
    return dict(revenue(truth.window.placed))


AVAILABILITY, LATENCY = (Truth.failing, 0.995), (Truth.slow, 0.99)

EXPECTED: dict[str, Expectation] = {
    "service: Requests now [requests]": requests,
    "service: 5xx now [5xx]": failure_percentage,
    "service: p95 now [p95]": duration(0.95),
    "service: Checkouts in progress [checkouts]": nothing_open,
    "service: Requests per second [requests]": requests,
    "service: 5xx percentage [5xx]": failure_percentage,
    "service: Duration p50, p95, p99 [p50]": duration(0.5),
    "service: Duration p50, p95, p99 [p95]": duration(0.95),
    "service: Duration p50, p95, p99 [p99]": duration(0.99),
    "service: Requests per handler [{{handler}}]": requests_by_handler,
    "service: Errors per handler [{{handler}}]": failures_by_handler,
    "service: p95 per handler [{{handler}}]": p95_by_handler,
    "service: Orders per minute by payment method and currency [{{payment_method}} {{currency}}]": (
        orders_by_kind
    ),
    "service: Active checkouts [checkouts]": nothing_open,
    "service: Payment duration p50, p95, p99 [p50]": payment_duration(0.5),
    "service: Payment duration p50, p95, p99 [p95]": payment_duration(0.95),
    "service: Payment duration p50, p95, p99 [p99]": payment_duration(0.99),
    "service: Payment duration p99 by payment method and currency "
    "[{{payment_method}} {{currency}}]": payment_duration_by_kind,
    "business: Orders per minute [orders]": orders_per_minute,
    "business: Payments without an order [failed payments]": payments_without_order,
    "business: Checkouts in progress [checkouts]": nothing_open,
    "business: Payment p95 [p95]": payment_duration(0.95),
    "business: Orders per minute by payment method and currency "
    "[{{payment_method}} {{currency}}]": orders_by_kind,
    "business: Orders in this time range [{{payment_method}} {{currency}}]": orders_by_kind,
    "business: Revenue per minute by currency [{{currency}}]": revenue_by_currency,
    "business: Mean order value by currency [{{currency}}]": mean_order_value,
    "business: Payments without an order by payment method and currency "
    "[{{payment_method}} {{currency}}]": payments_without_order_by_kind,
    "business: Payments per minute by payment method and currency "
    "[{{payment_method}} {{currency}}]": payments_by_kind,
    "business: Payment duration p50 by payment method and currency "
    "[{{payment_method}} {{currency}}]": payment_duration_by_kind,
    "business: Payment duration p99 by payment method and currency "
    "[{{payment_method}} {{currency}}]": payment_duration_by_kind,
    "slo: Availability budget left [left]": budget_left(*AVAILABILITY),
    "slo: Availability burn rate, last hour [burn rate]": burn_rate(*AVAILABILITY),
    "slo: Availability against its objective [good requests]": good_requests(Truth.failing),
    "slo: Availability against its objective [objective]": exactly(99.5),
    "slo: Latency budget left [left]": budget_left(*LATENCY),
    "slo: Latency burn rate, last hour [burn rate]": burn_rate(*LATENCY),
    "slo: Latency against its objective [good requests]": good_requests(Truth.slow),
    "slo: Latency against its objective [objective]": exactly(99),
    # A stack this young has the same past in every window.
    **{
        f"slo: {name} burn rates by window [{window}]": burn_rate(*slo)
        for name, slo in (("Availability", AVAILABILITY), ("Latency", LATENCY))
        for window in ("5m", "1h", "6h", "3d")
    },
    "slo: Error budget left by service [{{service_name}} {{slo}}]": budget_by_service,
    "telemetry-health: Who answers [{{job}}]": who_answers,
    "telemetry-health: Taken by the endpoint [{{signal}}]": taken_from_orders,
    "telemetry-health: Taken by the endpoint [{{signal}}: failed tries]": zero_tries_by_signal,
    "telemetry-health: Waiting in the service [{{signal}}]": little_waits,
    "telemetry-health: Dropped by the service [{{signal}}]": zero_by_signal,
    "telemetry-health: Accepted by the Collector [spans]": spans,
    "telemetry-health: Accepted by the Collector [log records]": log_lines,
    "telemetry-health: Accepted by the Collector [metric points]": pushed_points,
    "telemetry-health: Sent by the Collector [spans]": spans,
    "telemetry-health: Sent by the Collector [log records]": log_lines,
    "telemetry-health: Sent by the Collector [metric points]": pushed_points,
    **{
        f"telemetry-health: {what} by the Collector [{signal}]": zero
        for what in ("Refused", "Lost")
        for signal in ("spans", "log records", "metric points")
    },
    "telemetry-health: Queues of the Collector [{{exporter}}]": queues,
    "telemetry-health: Memory of the Collector [resident]": memory_of_the_collector,
    "telemetry-health: Scrape duration [{{job}}]": scrapes_are_quick,
    "telemetry-health: Samples per scrape [{{job}}]": samples_by_job,
    "telemetry-health: Stored by Prometheus [samples]": stored_samples,
    "telemetry-health: Stored by Prometheus [exemplars]": stored_exemplars,
    "telemetry-health: Active series [series]": active_series,
    "telemetry-health: Rule evaluations that fail [failures]": zero,
    "telemetry-health: Received by Loki [lines]": log_lines,
    "telemetry-health: Discarded by Loki [{{reason}}]": nothing,
    "telemetry-health: Streams in Loki [streams]": streams,
    "telemetry-health: Received by Tempo [spans]": spans,
    "telemetry-health: Discarded by Tempo [{{reason}}]": nothing,
    "telemetry-health: Turned into metrics by Tempo [spans]": spans,
    "traces: Calls between services [{{client}} → {{server}}]": calls,
    "traces: Calls that fail [{{client}} → {{server}}]": calls_that_fail,
    "traces: p95 of calls [{{client}} → {{server}}]": p95_of_calls,
    "traces: Operations per second [{{span_name}}]": operations,
    "traces: p95 per operation [{{span_name}}]": p95_of_operations,
}

"""What the viewer cannot answer of what the stores can. It shrinks: each entry must fail."""

from itertools import product

SIGNALS = ("spans", "log records", "metric points")
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
SLOS = ("availability", "latency")


def _panels(board: str, *panels: str) -> list[str]:
    return [f"test_a_panel_shows_what_was_sent[{board}: {panel}]" for panel in panels]


def _rules(*records: str) -> list[str]:
    return [f"test_a_recording_rule_records[{record}]" for record in records]


_BY_REASON = {
    "no Collector stands between the services and the viewer": [
        *_panels(
            "telemetry-health",
            *(
                f"{what} by the Collector [{signal}]"
                for what, signal in product(("Accepted", "Sent", "Refused", "Lost"), SIGNALS)
            ),
            "Queues of the Collector [{{exporter}}]",
            "Memory of the Collector [resident]",
        ),
        *_rules(
            "exporter:otelcol_exporter_queue_fill:ratio",
            "exporter:otelcol_exporter_sent:rate1m",
            "receiver:otelcol_receiver_refused:rate5m",
        ),
        "test_what_a_service_does_not_say_of_its_place_is_added",
    ],
    "no store is there to scrape": _panels(
        "telemetry-health",
        "Stored by Prometheus [samples]",
        "Stored by Prometheus [exemplars]",
        "Active series [series]",
        "Rule evaluations that fail [failures]",
        "Received by Loki [lines]",
        "Streams in Loki [streams]",
        "Received by Tempo [spans]",
        "Turned into metrics by Tempo [spans]",
    ),
    "it makes no metrics of spans, and draws its service map from the spans": [
        *_panels(
            "traces",
            "Calls between services [{{client}} → {{server}}]",
            "Calls that fail [{{client}} → {{server}}]",
            "p95 of calls [{{client}} → {{server}}]",
            "Operations per second [{{span_name}}]",
            "p95 per operation [{{span_name}}]",
        ),
        *(
            f"test_a_span_leads_to_the_metrics_of_its_operation[{query}]"
            for query in (
                "Calls per second of this operation",
                "Operations of this service",
                "Percentage of this operation that fails",
                "p95 of this operation",
            )
        ),
        'test_an_exemplar_leads_to_its_trace[traces_spanmetrics_latency_bucket{service="orders"}]',
        "test_the_service_map_knows_who_calls_whom",
    ],
    "it evaluates no rules": [
        *_panels(
            "slo",
            *(
                f"{slo.capitalize()} {panel}"
                for slo, panel in product(
                    SLOS,
                    (
                        "against its objective [good requests]",
                        "against its objective [objective]",
                        "budget left [left]",
                        "burn rate, last hour [burn rate]",
                        *(f"burn rates by window [{each}]" for each in ("5m", "1h", "6h", "3d")),
                    ),
                )
            ),
            "Error budget left by service [{{service_name}} {{slo}}]",
        ),
        *_rules(
            "service:http_errors:rate5m",
            "service:http_request_duration_seconds:p95_rate5m",
            "service:http_requests:rate5m",
            "service:payment_failures:ratio_rate5m",
            *(f"service:slo_burn_rate:ratio_rate{window}" for window in WINDOWS),
            "service:slo_error_budget_remaining:ratio30d",
            *(f"service:slo_failures:rate5m {slo}" for slo in SLOS),
            *(f"service:slo_requests:rate5m {slo}" for slo in SLOS),
            "service_handler:http_errors:rate5m",
            "service_handler:http_requests:rate5m",
            "service_handler_le:http_request_duration_seconds_bucket:rate5m",
            *(f"slo:objective:ratio {slo}" for slo in SLOS),
        ),
        'test_an_annotation_query_runs[ALERTS{alertstate="firing", service_name=~"$service|"}]',
        "test_no_rule_fails_to_evaluate",
    ],
    "it makes no patterns of lines": ["test_loki_answers_volume_and_patterns"],
}
CANNOT = {question: reason for reason, questions in _BY_REASON.items() for question in questions}

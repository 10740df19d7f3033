"""What the viewer cannot answer of what the stores can. It shrinks: each entry must fail."""

from itertools import product

SIGNALS = ("spans", "log records", "metric points")


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
    "it makes no patterns of lines": ["test_loki_answers_volume_and_patterns"],
}
CANNOT = {question: reason for reason, questions in _BY_REASON.items() for question in questions}

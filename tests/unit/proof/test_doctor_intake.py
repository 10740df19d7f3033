"""What Collector and viewer count of themselves, in one shape."""

import json

from doctors import Serve, patient

from sightline.proof.addresses import Mode
from sightline.proof.doctor.intake import Intake, Queue, grown, of_collector, of_viewer
from sightline.proof.stores import Stores

METRICS = """\
otelcol_receiver_accepted_spans_total{receiver="otlp",transport="http"} 5
otelcol_receiver_accepted_spans_total{receiver="otlp",transport="grpc"} 2
otelcol_receiver_refused_log_records_total{receiver="otlp"} 3
otelcol_receiver_failed_log_records_total{receiver="otlp"} 1
otelcol_exporter_sent_spans_total{exporter="otlp_grpc/traces"} 6
otelcol_exporter_enqueue_failed_spans_total{exporter="otlp_grpc/traces"} 1
otelcol_exporter_queue_size{data_type="logs",exporter="otlp_http/logs"} 9
"""
SAID = Intake(
    accepted={"traces": 7},
    refused={"logs": 4},
    sent={"traces": 6},
    failed={"traces": 1},
    queues=(Queue("otlp_http/logs", "logs", 9),),
)


def test_the_collector_s_own_page_is_read(serve: Serve) -> None:
    at = serve({"/metrics": (200, METRICS)})
    assert of_collector(at, Stores(at, at, at)) == SAID


def test_without_it_prometheus_is_asked(serve: Serve) -> None:
    result = [
        {
            "metric": {"__name__": "otelcol_exporter_sent_spans_total", "exporter": "a"},
            "value": [1, "4"],
        }
    ]
    body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})
    at = serve({"/api/v1/query": (200, body), "/metrics": (200, "up 1\n")})
    assert of_collector(at, Stores(at, at, at)) == Intake(sent={"traces": 4})


def test_the_viewer_says_the_same_of_itself(serve: Serve) -> None:
    services = [
        {"service": "orders", "signal": "traces", "accepted": 5, "rejected": 1},
        {"service": "payments", "signal": "traces", "accepted": 2, "rejected": 0},
    ]
    refused = [{"signal": "logs", "status": 503, "requests": 3}]
    status = {
        "received": {"services": services, "refused": refused},
        "store": {"lost_rows": 4, "trouble": "disk full"},
    }
    at = serve({"/api/status": (200, json.dumps(status))})
    found = of_viewer(patient(at, Mode.VIEWER).places)
    assert found.accepted == {"traces": 7}
    assert found.refused == {"traces": 1, "logs": 3}
    assert found.failed == {"rows": 4}
    assert found.trouble == "disk full"


def test_a_counter_that_began_anew_has_grown_by_all_it_shows() -> None:
    assert grown({"traces": 5}, {"traces": 7}, "traces") == 2
    assert grown({"traces": 5}, {"traces": 3}, "traces") == 3
    assert grown({}, {"traces": 3}, "traces") == 3
    assert grown({"traces": 5}, {}, "traces") == 0

"""A trace names who is to blame: the deepest exception, or the longest time of its own."""

from typing import Any

from sightline.proof.drill.culprit import failed, slow


def span(name: str, parent: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "spanId": name,
        "parentSpanId": parent,
        "startTimeUnixNano": str(int(start * 1e9)),
        "endTimeUnixNano": str(int(end * 1e9)),
        "resource": {"service.name": "orders"},
        **more,
    }


def raising(kind: str, message: str) -> dict[str, Any]:
    told = {"exception.type": kind, "exception.message": message}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in told.items()]
    return {"events": [{"name": "exception", "attributes": attributes}]}


def test_what_is_slow_is_the_span_whose_own_time_is_longest() -> None:
    spans = [
        span("POST /checkout", "", 0, 2.0),
        span("validate.inventory", "POST /checkout", 0, 1.2),
        span("SELECT prices", "validate.inventory", 0.1, 1.1),
        span("payment.process", "POST /checkout", 1.2, 1.9),
    ]
    culprit = slow(spans)
    assert culprit
    assert culprit.name == "SELECT prices"
    assert str(culprit) == "orders: SELECT prices, 1.00 s of its own"


def test_what_failed_is_the_deepest_exception_in_whatever_order_spans_come() -> None:
    spans = [
        span("POST", "payment.process", 0, 1, **raising("httpx2.ConnectError", "no connection")),
        span("POST /checkout", "somebody else's", 0, 2, **raising("a.Late", "it broke")),
        span("payment.process", "POST /checkout", 0, 1, **raising("b.Unknown", "no answer")),
    ]
    for shown in (spans, spans[::-1]):
        culprit = failed(shown)
        assert culprit
        assert str(culprit) == "orders: POST, ConnectError: no connection"


def test_a_trace_that_has_not_arrived_or_broke_nowhere_names_nobody() -> None:
    assert slow([]) is None
    assert failed([]) is None
    assert failed([span("GET /orders", "", 0, 1)]) is None


def test_a_loop_among_spans_ends() -> None:
    spans = [span("a", "b", 0, 1, **raising("x.Y", "")), span("b", "a", 0, 1)]
    assert failed(spans)

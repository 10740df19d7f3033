"""One order, followed from the request to its trace, its log lines and its count."""

import secrets

from running_system import System, eventually

NAMED_SPANS = {"validate.inventory", "payment.process", "notification.send_email"}


def traceparent() -> tuple[str, dict[str, str]]:
    trace_id = secrets.token_hex(16)
    return trace_id, {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}


def test_an_order_is_one_trace_with_spans_of_both_services(system: System) -> None:
    trace_id, headers = traceparent()
    answer = system.checkout(headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "confirmed"

    def whole_trace() -> list[dict[str, object]] | None:
        spans = system.spans(trace_id)
        names = {span["name"] for span in spans}
        services = {span["service"] for span in spans}
        return spans if names >= NAMED_SPANS and services == {"orders", "payments"} else None

    spans = eventually(whole_trace, what=f"the whole trace {trace_id}")
    assert any("db.system.name" in span["attributes"] for span in spans), "no SQL span"  # type: ignore[operator]
    servers = [span for span in spans if span["kind"] == "SPAN_KIND_SERVER"]
    assert sorted(str(span["service"]) for span in servers) == ["orders", "payments"]


def test_its_log_lines_are_found_by_trace_id_in_both_services(system: System) -> None:
    trace_id, headers = traceparent()
    request_id = system.checkout(headers).headers["x-request-id"]

    def lines_of_both() -> list[dict[str, str]] | None:
        lines = system.logs(f'{{service_name=~".+"}} | trace_id="{trace_id}"')
        return lines if {line["service_name"] for line in lines} == {"orders", "payments"} else None

    lines = eventually(lines_of_both, what=f"lines of {trace_id}")
    assert "order.created" in {line["line"] for line in lines}
    assert {line["request_id"] for line in lines if line["service_name"] == "orders"} == {
        request_id
    }


def test_the_counter_equals_the_requests_sent(system: System) -> None:
    query = 'sum(http_requests_total{job="orders"})'
    settled = eventually(lambda: _settled(system, query), 30, "a settled counter")
    before = settled[0]
    answers = [system.client.get(f"{system.orders}/orders").status_code for _ in range(37)]
    assert answers == [200] * 37
    eventually(lambda: system.number(query) == before + 37, 15, f"{before} + 37 requests")


def _settled(system: System, query: str) -> list[float] | None:
    """The counter, once it agrees with what the service itself says."""
    text = system.client.get(f"{system.orders}/metrics").text
    lines = [line for line in text.splitlines() if line.startswith("http_requests_total{")]
    own = sum(float(line.rsplit(" ", 1)[1]) for line in lines)
    return [own] if system.number(query) == own else None


def test_a_declined_card_is_an_error_span_with_its_exception(system: System) -> None:
    trace_id, headers = traceparent()
    system.client.put(f"{system.orders}/faults/payment-declined").raise_for_status()
    try:
        assert system.checkout(headers).status_code == 402
    finally:
        system.client.delete(f"{system.orders}/faults/payment-declined").raise_for_status()

    def refused() -> dict[str, object] | None:
        spans = [s for s in system.spans(trace_id) if s["name"] == "payment.process"]
        return spans[0] if spans else None

    span = eventually(refused, what="the refused payment's span")
    assert span["status"]["code"] == "STATUS_CODE_ERROR"  # type: ignore[index]
    assert [event["name"] for event in span["events"]] == ["exception"]  # type: ignore[attr-defined]


def test_a_500_tells_the_client_that_the_connection_ends(system: System) -> None:
    system.client.put(f"{system.orders}/faults/errors").raise_for_status()
    try:
        answers = [system.checkout() for _ in range(20)]
    finally:
        system.client.delete(f"{system.orders}/faults/errors").raise_for_status()
    assert {answer.status_code for answer in answers} == {500}
    assert {answer.headers["connection"] for answer in answers} == {"close"}

"""Searches by TraceQL over Tempo's API."""

from typing import Any

import pytest
from small_store import NOON, OTHER_TRACE, SECOND, TRACE, SmallStore
from starlette.testclient import TestClient

BEGIN = NOON // SECOND
SERVER, CLIENT = 2, 3


@pytest.fixture(autouse=True)
def traces(store: SmallStore) -> None:
    """checkout (a1) → charge by client (b2) → payments' server (c3, failed); and a short trace."""
    orders, payments = store.resource(1, "orders", zone="eu"), store.resource(2, "payments")
    store.span(orders, "a1" * 8, "POST /checkout", at=1, dur=2, kind=SERVER,
               attrs={"http__route": "/checkout", "n": 3, "ok": True, "it's": "5"})  # fmt: skip
    store.span(orders, "b2" * 8, "POST", at=1.5, dur=1, parent="a1" * 8, kind=CLIENT,
               attrs={"n": 1.5})  # fmt: skip
    for _ in range(2):
        store.span(payments, "c3" * 8, "POST /charges", at=1.6, dur=0.5, parent="b2" * 8,
                   kind=SERVER, status=2, message="declined", service="payments",
                   attrs={"n": "3"})  # fmt: skip
    store.span(
        orders, "d4" * 8, "log", at=1.2, dur=0.01, parent="a1" * 8, attrs={"tags": ["x", "y"]}
    )
    store.span(orders, "e5" * 8, "GET /orders", at=3, dur=0.05, kind=SERVER, trace=OTHER_TRACE,
               attrs={"http__route": "/orders", "n": 7})  # fmt: skip


def ask(client: TestClient, **given: Any) -> Any:
    return client.get("/api/search", params={"start": BEGIN, "end": BEGIN + 10, **given})


def selected(client: TestClient, query: str, **given: Any) -> dict[str, list[str]]:
    answer = ask(client, q=query, spss=100, **given)
    assert answer.status_code == 200, answer.text
    return {
        trace["traceID"]: [span["spanID"][:2] for span in trace["spanSets"][0]["spans"]]
        for trace in answer.json()["traces"]
    }


@pytest.mark.parametrize(
    ("query", "spans", "others"),
    [
        ("{}", "a1 d4 b2 c3", "e5"),
        ("", "a1 d4 b2 c3", "e5"),
        ('{ name = "POST" }', "b2", ""),
        ('{ name =~ "POST.*" }', "a1 b2 c3", ""),
        ('{ name =~ "OST" }', "", ""),
        ('{ name !~ "POST.*" }', "d4", "e5"),
        ("{ status = error }", "c3", ""),
        ("{ status != error }", "a1 d4 b2", "e5"),
        ("{ kind = server && duration >= 500ms }", "a1 c3", ""),
        ('{ statusMessage = "declined" }', "c3", ""),
        ('{ resource.service.name = "payments" }', "c3", ""),
        ('{ .service.name = "payments" }', "c3", ""),
        ('{ resource.zone = "eu" && name = "log" }', "d4", ""),
        ('{ .zone = "eu" && kind = client }', "b2", ""),
        ('{ span.zone = "eu" }', "", ""),
        ('{ span.http.route = "/checkout" }', "a1", ""),
        ('{ span.http.route != "/checkout" }', "", "e5"),
        ('{ span.http.route =~ "/(checkout|orders)" }', "a1", "e5"),
        ("{ span.n = 3 }", "a1", ""),
        ('{ span.n = "3" }', "c3", ""),
        ("{ span.n > 1 }", "a1", "e5"),
        ("{ span.n > 1.0 }", "b2", ""),
        ("{ span.n != 3 }", "", "e5"),
        ('{ span.tags = "x" }', "d4", ""),
        ('{ span.tags =~ "[xz]" }', "d4", ""),
        ('{ span.tags != "z" }', "d4", ""),
        ('{ span.tags != "x" }', "", ""),
        ("{ span.ok = true }", "a1", ""),
        ("{ span.ok = false }", "", ""),
        ("{ span.n = nil }", "d4", ""),
        ("{ span.n != nil && kind != server }", "b2", ""),
        ('{ span."it\'s" = "5" }', "a1", ""),
        ('{ name = "log" || status = error && kind = server }', "c3", ""),
        ('{ name = "log" || (status = error && kind = server) }', "d4 c3", ""),
        ("{ traceDuration > 1s }", "a1 d4 b2 c3", ""),
        ("{ trace:duration < 1s }", "", "e5"),
        ('{ rootName = "GET /orders" }', "", "e5"),
        ('{ rootServiceName = "orders" && status = error }', "c3", ""),
        (f'{{ trace:id = "{TRACE}" && kind = client }}', "b2", ""),
        ('{ name = "log" } && { status = error }', "d4 c3", ""),
        ('{ name = "GET /orders" } && { status = error }', "", ""),
        ('{ name = "GET /orders" } || { status = error }', "c3", "e5"),
        ("{ kind = server } > { kind = client }", "b2", ""),
        ("{ kind = server } > { status = error }", "", ""),
        ("{ kind = server } >> { status = error }", "c3", ""),
        ("{ status = error } << { kind = server }", "a1", ""),
        ("{ status = error } < { kind = client }", "b2", ""),
        ('{ kind = client } ~ { name = "log" }', "d4", ""),
        ("{ kind = client } ~ { kind = client }", "", ""),
        ("{} | count() > 3", "a1 d4 b2 c3", ""),
        ("{} | count() > 4", "", ""),
        ("{} | count() = 1", "", "e5"),
        ("{ kind = server } | avg(duration) > 1s", "a1 c3", ""),
        ("{} | max(duration) < 100ms", "", "e5"),
        ("{} | min(duration) = 10ms", "a1 d4 b2 c3", ""),
        ("{} | sum(duration) >= 3.51s", "a1 d4 b2 c3", ""),
        ("{ kind = server } | { status = error }", "c3", ""),
    ],
)
def test_a_query_selects_its_spans(client: TestClient, query: str, spans: str, others: str) -> None:
    expected = {TRACE: spans.split(), OTHER_TRACE: others.split()}
    assert selected(client, query) == {key: found for key, found in expected.items() if found}


def test_an_answer_has_tempo_s_shape(client: TestClient) -> None:
    answer = ask(client, q='{ span.http.route = "/checkout" } | select(resource.zone)').json()
    assert answer["traces"] == [
        {
            "traceID": TRACE,
            "rootServiceName": "orders",
            "rootTraceName": "POST /checkout",
            "startTimeUnixNano": str(NOON + SECOND),
            "durationMs": 2000,
            "spanSet": answer["traces"][0]["spanSets"][0],
            "spanSets": [
                {
                    "matched": 1,
                    "spans": [
                        {
                            "spanID": "a1" * 8,
                            "name": "POST /checkout",
                            "startTimeUnixNano": str(NOON + SECOND),
                            "durationNanos": str(2 * SECOND),
                            "attributes": [
                                {"key": "http.route", "value": {"stringValue": "/checkout"}},
                                {"key": "zone", "value": {"stringValue": "eu"}},
                            ],
                        }
                    ],
                }
            ],
            "serviceStats": {
                "orders": {"spanCount": 3},
                "payments": {"spanCount": 1, "errorCount": 1},
            },
        }
    ]


def test_traces_come_newest_first_and_limited(client: TestClient) -> None:
    assert list(selected(client, "{}")) == [OTHER_TRACE, TRACE]
    assert list(selected(client, "{}", limit=1)) == [OTHER_TRACE]
    assert list(selected(client, "{} | count() > 0", limit=1)) == [OTHER_TRACE]


def test_few_spans_are_shown_and_all_are_counted(client: TestClient) -> None:
    trace = ask(client, q="{}").json()["traces"][1]
    assert (len(trace["spanSet"]["spans"]), trace["spanSet"]["matched"]) == (3, 4)


def test_times_bound_a_search(client: TestClient) -> None:
    assert list(selected(client, "{}", end=BEGIN + 2)) == [TRACE]
    assert selected(client, "{}", start=BEGIN - 500_000, end=BEGIN - 400_000) == {}


def test_a_trace_that_began_an_hour_before_is_found_whole(
    client: TestClient, store: SmallStore
) -> None:
    store.span(1, "a7" * 8, "nightly", at=-4_000, dur=5_000, trace="7" * 32)
    store.span(1, "b7" * 8, "step", at=6, parent="a7" * 8, trace="7" * 32)
    trace = ask(client, q='{ name = "step" }').json()["traces"][0]
    assert (trace["rootTraceName"], trace["durationMs"]) == ("nightly", 5_000_000)
    assert "7" * 32 in selected(client, '{ name = "step" && traceDuration > 1h }')


def test_long_after_the_last_span_the_newest_are_found_still(client: TestClient) -> None:
    assert list(selected(client, "{}", end=BEGIN + 80_000, limit=1)) == [OTHER_TRACE]


def test_a_trace_without_its_root_says_so(client: TestClient, store: SmallStore) -> None:
    store.span(1, "f6" * 8, "orphan", at=5, parent="99" * 8, trace="9" * 32)
    trace = ask(client, q='{ name = "orphan" }').json()["traces"][0]
    assert trace["rootServiceName"] == "<root span not yet received>"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"tags": "service.name=payments"}, [TRACE]),
        ({"tags": 'http.route="/orders"'}, [OTHER_TRACE]),
        ({"tags": "error=true"}, [TRACE]),
        ({"tags": "http.route=/orders error=true"}, []),
        ({"minDuration": "1s"}, [TRACE]),
        ({"maxDuration": "1s"}, [OTHER_TRACE]),
    ],
)
def test_the_older_parameters_search_too(
    client: TestClient, given: dict[str, str], expected: list[str]
) -> None:
    assert [trace["traceID"] for trace in ask(client, **given).json()["traces"]] == expected


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"q": "{"}, "line 1, col 2: syntax error: unexpected $end"),
        ({"q": "{ x = 1 }"}, "x is not supported by this viewer; attributes are written .x"),
        ({"q": '{ event:name = "x" }'}, "event:name is not supported"),
        ({"q": "{ parent.x = 1 }"}, "the scope parent. is not supported"),
        ({"q": "{} | by(.x)"}, "by is not supported"),
        ({"q": "{} | rate()"}, "rate is not supported"),
        ({"q": "{} !>> {}"}, "!>> is not supported"),
        ({"q": "{} &> {}"}, "&> is not supported"),
        ({"q": "{ status = broken }"}, "status is, or is not, one of unset, ok, error"),
        ({"q": "{ status = 2 }"}, "one of unset, ok, error"),
        ({"q": "{ kind > server }"}, "one of unspecified"),
        ({"q": "{ .x = y }"}, 'quote a text: "y"'),
        ({"q": '{ duration > "1s" }'}, "compares what cannot be compared"),
        ({"q": '{ name =~ "(" }'}, "invalid regular expression '('"),
        ({"q": "{} | sum(.n) > 1"}, "sum(n) is not supported"),
        ({"q": "{}", "tags": "a=b"}, "can't specify tags and q"),
        ({"tags": "novalue"}, "'novalue' at pos 1"),
        ({"minDuration": "5 parsecs"}, "'5 parsecs'"),
        ({"minDuration": "2s", "maxDuration": "1s"}, "must be greater than minDuration"),
        ({"start": "now"}, "invalid start: 'now'"),
        ({"start": "-1"}, "invalid start: '-1'"),
        ({"end": BEGIN - 1}, "start must be before end"),
        ({"limit": "0"}, "invalid limit: '0'"),
        ({"limit": "99999999"}, "exceeds max limit 1000"),
        ({"spss": "x"}, "invalid spss: 'x'"),
    ],
)
def test_a_search_that_cannot_run_is_400_and_says_why(
    client: TestClient, given: dict[str, Any], named: str
) -> None:
    answer = ask(client, **given)
    assert answer.status_code == 400, answer.text
    assert named in answer.text


@pytest.mark.parametrize(
    "value", ["'; DROP TABLE spans; --", "' OR 1=1", "?", "{}", "☃", "$.a", "/~"]
)
def test_values_and_names_are_only_ever_values(client: TestClient, value: str) -> None:
    for query in (
        f'{{ name = "{value}" }}',
        f'{{ span."{value}" = "{value}" }}',
        f'{{ .a = "{value}" }} >> {{ resource."{value}" = 1 }}',
    ):
        assert selected(client, query) == {}
    assert len(selected(client, "{}")) == 2


def test_tags_are_named_by_scope(client: TestClient) -> None:
    times = {"start": BEGIN, "end": BEGIN + 10}
    scopes = client.get("/api/v2/search/tags", params=times).json()["scopes"]
    found = {scope["name"]: scope["tags"] for scope in scopes}
    assert found["span"] == ["http.route", "it's", "n", "ok", "tags"]
    assert "zone" in found["resource"]
    assert "rootServiceName" in found["intrinsic"]
    older = client.get("/api/search/tags", params=times).json()["tagNames"]
    assert {"http.route", "service.name"} <= set(older)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("service.name", [("string", "orders"), ("string", "payments")]),
        ("resource.service.name", [("string", "orders"), ("string", "payments")]),
        ("span.http.route", [("string", "/checkout"), ("string", "/orders")]),
        (".ok", [("bool", "true")]),
        ("rootName", [("string", "GET /orders"), ("string", "POST /checkout")]),
        ("status", [("keyword", "unset"), ("keyword", "ok"), ("keyword", "error")]),
        ("duration", []),
        ("unknown", []),
    ],
)
def test_a_tag_has_its_values(
    client: TestClient, tag: str, expected: list[tuple[str, str]]
) -> None:
    times = {"start": BEGIN, "end": BEGIN + 10}
    values = client.get(f"/api/v2/search/tag/{tag}/values", params=times).json()["tagValues"]
    assert [(each["type"], each["value"]) for each in values] == expected
    older = client.get(f"/api/search/tag/{tag}/values", params=times).json()["tagValues"]
    assert older == [value for _, value in expected]


def test_values_of_a_tag_are_narrowed_by_a_query(client: TestClient) -> None:
    given = {"start": BEGIN, "end": BEGIN + 10, "q": "{ status = error }"}
    found = client.get("/api/v2/search/tag/resource.service.name/values", params=given).json()
    assert [each["value"] for each in found["tagValues"]] == ["payments"]

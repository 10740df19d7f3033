"""Hostile and mistaken requests to Loki's API: refused by name, and harmless."""

from typing import Any

import pytest
from small_store import NOON, SECOND, SmallStore
from starlette.testclient import TestClient

ANY = '{service_name=~".+"}'


@pytest.fixture(autouse=True)
def line(store: SmallStore) -> None:
    store.log(store.resource(1, "orders"), 'it\'s "quoted"; DROP TABLE logs; --', at=1, a="'; x")


def ask(client: TestClient, query: str, **given: Any) -> Any:
    parameters = {"query": query, "start": NOON, "end": NOON + 10 * SECOND, **given}
    return client.get("/loki/api/v1/query_range", params=parameters)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "unexpected $end"),
        ("{}", "at least one regexp or equality matcher"),
        ('{service_name=~".*"}', "at least one regexp or equality matcher"),
        ('{service_name!="x"}', "at least one regexp or equality matcher"),
        ('{service_name="a"', "line 1, col 18: syntax error: unexpected $end"),
        ('{service_name="a"} ~ "x"', "line 1, col 20"),
        ('{service_name="a"}\n| ? x', "line 2, col 3"),
        (ANY + ' | line_format "{{.x}}"', "line_format is not supported"),
        (ANY + " | label_format a=b", "label_format is not supported"),
        (ANY + ' | pattern "<x>"', "pattern is not supported"),
        (ANY + ' | regexp "(?P<x>.)"', "regexp is not supported"),
        (ANY + " | unpack", "unpack is not supported"),
        (ANY + ' |> "<_>"', "|> is not supported"),
        (f"sum_over_time({ANY} | unwrap ms [1m])", "sum_over_time is not supported"),
        (f"quantile_over_time(0.9, {ANY} | unwrap ms [1m])", "quantile_over_time is not supported"),
        (f"topk(0, count_over_time({ANY}[1m]))", "invalid parameter topk(0,"),
        (f"sum(2, count_over_time({ANY}[1m]))", "unsupported parameter"),
        (f"count_over_time({ANY}[0s])", "longer than 0"),
        (ANY + ' |~ "("', "error parsing regexp '('"),
        ('{service_name=~"["}', "error parsing regexp '['"),
        ('{service_name="\\xzz"}', "unknown escape"),
        ("(" * 150, "unexpected $end"),
        ("(" * 5000, "nested too deeply"),
    ],
)
def test_a_query_that_cannot_run_is_400_and_says_why(
    client: TestClient, query: str, named: str
) -> None:
    answer = ask(client, query)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert named in answer.text


def test_a_query_too_long_to_be_one_is_refused(client: TestClient) -> None:
    query = '{service_name="' + "x" * 70_000 + '"}'
    answer = client.post("/loki/api/v1/query_range", data={"query": query})
    assert answer.status_code == 400
    assert "65536" in answer.text


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"start": "yesterday"}, "'yesterday' is no time"),
        ({"end": "2026-13-45T00:00:00Z"}, "'2026-13-45T00:00:00Z'"),
        ({"start": "99999999999999999999"}, "99999999999999999999"),
        ({"start": "-5"}, "'-5'"),
        ({"start": NOON, "end": NOON - 1}, "end timestamp must not be before start"),
        ({"start": "", "since": "long"}, "'long'"),
        ({"limit": "many"}, "limit must be a whole number, not 'many'"),
        ({"limit": "0"}, "positive"),
        ({"limit": "1000000"}, "1000000 > 5000"),
        ({"direction": "up"}, "invalid direction 'up'"),
        ({"interval": "x"}, "'x'"),
    ],
)
def test_a_wrong_parameter_is_400_and_named(
    client: TestClient, given: dict[str, Any], named: str
) -> None:
    answer = ask(client, ANY, **given)
    assert answer.status_code == 400, answer.text
    assert named in answer.text


@pytest.mark.parametrize("step", ["0", "-1", "abc", "1ms"])
def test_a_step_that_cannot_be_is_400(client: TestClient, step: str) -> None:
    answer = ask(client, f"count_over_time({ANY}[1m])", step=step, end=NOON + 3600 * SECOND)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "value",
    ["'; DROP TABLE logs; --", '\\" OR 1=1', "%' OR '1'='1", "?", "{}", "\\\\", "☃", "\\u0000"],
)
def test_values_are_only_ever_values(client: TestClient, value: str) -> None:
    for query in (
        f'{{service_name="{value}"}}',
        f'{ANY} |= "{value}"',
        f'{ANY} | a="{value}"',
        f'{ANY} | json | a_b="{value}"',
        f'{ANY} | logfmt | a="{value}"',
    ):
        assert ask(client, query).status_code == 200, query
    assert len(ask(client, ANY).json()["data"]["result"]) == 1


def test_quotes_and_sql_are_found_as_text(client: TestClient) -> None:
    for query in (ANY + ' |= `it\'s "quoted"; DROP`', ANY + ' | a="\'; x"'):
        assert len(ask(client, query).json()["data"]["result"]) == 1


def test_a_regex_bomb_is_answered_at_once(client: TestClient, store: SmallStore) -> None:
    store.log(1, "a" * 5_000 + "!", at=2)
    assert ask(client, ANY + ' |~ "^(a+)+$"').json()["data"]["result"] == []


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (str(NOON), str(NOON + 2 * SECOND)),
        (f"{NOON // SECOND}", f"{NOON // SECOND + 2}"),
        (f"{NOON // SECOND}.5", f"{NOON // SECOND + 1}.5"),
        ("2026-09-21T14:13:20Z", "2026-09-21T16:13:22.000000001+02:00"),
    ],
)
def test_times_are_read_in_every_form_of_loki(client: TestClient, start: str, end: str) -> None:
    answer = ask(client, ANY, start=start, end=end)
    assert len(answer.json()["data"]["result"]) == 1, answer.text


def test_the_start_is_included_and_the_end_is_not(client: TestClient) -> None:
    assert ask(client, ANY, start=NOON + SECOND).json()["data"]["result"]
    assert not ask(client, ANY, end=NOON + SECOND).json()["data"]["result"]


def test_limit_and_direction_choose_the_lines(client: TestClient, store: SmallStore) -> None:
    for number in range(3):
        store.log(1, f"line {number}", at=2 + number)
    for direction, expected in (("backward", "line 2"), ("forward", "line 0")):
        found = ask(client, ANY + ' |= "line"', limit=1, direction=direction).json()["data"][
            "result"
        ]
        assert [value[1] for stream in found for value in stream["values"]] == [expected]


def test_an_interval_thins_the_lines(client: TestClient, store: SmallStore) -> None:
    for number in range(5):
        store.log(1, f"line {number}", at=2 + number)
    found = ask(client, ANY + ' |= "line"', interval="2s", direction="forward").json()["data"]
    texts = [value[1] for stream in found["result"] for value in stream["values"]]
    assert texts == ["line 0", "line 2", "line 4"]

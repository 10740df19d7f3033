"""When rows are equal, how far sampled ones may differ, and which hop is to blame for the rest."""

import json
from collections import Counter
from pathlib import Path

import pytest

from sightline.proof.ledger.audit import asked_of_payments
from sightline.proof.ledger.command import LedgerError, sampled
from sightline.proof.ledger.entries import Books, Difference, Event, Share
from sightline.proof.ledger.hops import findings
from sightline.proof.ledger.pipeline import Pipeline, began_within, later_instances
from sightline.proof.ledger.run import Key, Run, RunError, read_report
from sightline.proof.stores import Series

LOOK = Key("GET", "/orders", "2xx")
BUY = Key("POST", "/orders", "2xx")
ALL = Share()
RUN = Run(
    "ab12", 1000.0, 1060.0, Counter({("GET", "/orders", 200): 10, ("POST", "/orders", 201): 4})
)


def books(**columns: Counter[Key]) -> Books:
    wanted = Counter({LOOK: 10, BUY: 4})
    full = dict.fromkeys(("counter", "spans", "lines"), wanted)
    return Books("orders", wanted, **{**full, **columns})


def difference(column: str, amount: int, service: str = "orders") -> Difference:
    return Difference(service, column, LOOK, 10, amount)


def laid_to(one: Difference, pipeline: Pipeline, *, viewer: bool = False) -> tuple[str, str]:
    (found,) = findings(RUN, [one], pipeline, viewer=viewer)
    return found.hop, found.why


def test_equal_books_have_no_difference() -> None:
    assert books().differences(ALL) == []


@pytest.mark.parametrize("column", ["counter", "spans", "lines"])
def test_one_record_too_few_or_too_many_is_a_difference(column: str) -> None:
    less, more = Counter({LOOK: 9, BUY: 4}), Counter({LOOK: 10, BUY: 5})
    (missing,) = books(**{column: less}).differences(ALL)
    (surplus,) = books(**{column: more}).differences(ALL)
    assert (missing.column, missing.key, missing.amount) == (column, LOOK, -1)
    assert (surplus.column, surplus.key, surplus.amount) == (column, BUY, 1)


def test_a_row_nobody_asked_for_is_a_difference() -> None:
    failed = Key("GET", "/orders", "5xx")
    (found,) = books(lines=Counter({LOOK: 10, BUY: 4, failed: 1})).differences(ALL)
    assert (found.key, found.wanted, found.amount) == (failed, 0, 1)


def test_others_at_the_scrape_excuse_the_counter_of_their_row_alone() -> None:
    one = books(counter=Counter({LOOK: 9, BUY: 5}))
    one.leeway = Counter({LOOK: 1})
    assert [d.key for d in one.differences(ALL)] == [BUY]


def test_sampled_spans_may_differ_by_chance_and_not_by_more() -> None:
    share = Share(0.1)
    low, high = share.bounds(10_000)
    assert 850 < low < 1_000 < high < 1_150
    wanted = Counter({LOOK: 10_000})
    for there, equal in ((low - 1, False), (low, True), (1_000, True), (high, True)):
        one = Books("orders", wanted, wanted, Counter({LOOK: there}), wanted)
        assert (one.differences(share) == []) is equal
    (found,) = Books("orders", wanted, wanted, Counter({LOOK: high + 5}), wanted).differences(share)
    assert (found.key, found.amount) == (None, 5)


def test_tail_sampling_bounds_from_below_alone() -> None:
    low, high = Share(1.0, 0.1).bounds(10_000)
    assert low < 1_000
    assert high == 10_000
    assert Share(0.0).bounds(10) == (0, 0)


def test_what_payments_is_asked_follows_from_the_answers() -> None:
    run = Run(
        "x", 0, 1, Counter({("POST", "/orders", 201): 3, ("POST", "/checkout", 201): 2,
                            ("POST", "/checkout", 402): 1, ("POST", "/orders", 422): 9})
    )  # fmt: skip
    assert asked_of_payments(run) == Counter(
        {Key("POST", "/charges", "2xx"): 5, Key("POST", "/charges", "4xx"): 1}
    )


def test_an_event_is_held_against_lines_and_counter() -> None:
    assert Event("orders", "order.created", "", 4, lines=4, counter=4).differences() == []
    (lines,) = Event("orders", "order.created", "", 4, lines=3, counter=4).differences()
    (counter,) = Event("orders", "order.created", "", 4, lines=4, counter=6, leeway=1).differences()
    assert (lines.column, lines.amount) == ("lines", -1)
    assert (counter.column, counter.amount) == ("counter", 2)


@pytest.mark.parametrize(
    ("pipeline", "hop", "why"),
    [
        (Pipeline(dropped={("orders", "lines"): 7}), "orders → collector", "orders dropped 7"),
        (Pipeline(waiting={("orders", "lines"): 7}), "orders → collector", "7 wait in orders"),
        (Pipeline(refused={"lines": 7}), "orders → collector", "the Collector refused 7"),
        (Pipeline(restarts={"orders": [1030.0]}), "orders → collector", "orders was restarted at"),
        (Pipeline(failed={"lines": 7}), "collector → store", "gave up 7"),
        (Pipeline(queued={"lines": 7}), "collector → store", "7 bytes wait"),
        (Pipeline(restarts={"loki": [1030.0]}), "collector → store", "loki was restarted at"),
        (Pipeline(), "store → query", "10 are not found"),
    ],
)
def test_missing_lines_are_laid_to_the_first_hop_that_has_something_to_say(
    pipeline: Pipeline, hop: str, why: str
) -> None:
    found = laid_to(difference("lines", -10), pipeline)
    assert found[0] == hop
    assert why in found[1]


def test_what_payments_lost_by_a_restart_and_what_it_was_asked_twice_are_told_apart() -> None:
    restarted = Pipeline(restarts={"payments": [1020.0]})
    hops = [laid_to(difference("spans", n, "payments"), restarted)[0] for n in (-2, 0, 3)]
    assert hops == ["payments → collector", "orders → payments", "orders → payments"]
    hop, why = laid_to(difference("counter", -2, "payments"), restarted)
    assert hop == "payments → store"
    assert "payments was restarted at" in why


def test_what_is_missing_does_not_hide_what_is_too_much() -> None:
    more = Difference("orders", "lines", BUY, 4, 5)
    run = Run("ab12", 1000.0, 1060.0, RUN.answers + Counter({("POST", "/orders", 0): 5}))
    dropped = Pipeline(dropped={("orders", "lines"): 8})
    client, missing, surplus = findings(run, [difference("lines", -8), more], dropped, viewer=False)
    assert (client.hop, client.amount) == ("client → orders", -5)
    assert (missing.hop, missing.amount) == ("orders → collector", -8)
    assert (surplus.hop, surplus.amount) == ("client → orders", 5)


def test_more_charges_than_orders_are_laid_to_its_retries() -> None:
    hop, why = laid_to(difference("spans", 3, "payments"), Pipeline(retried=3))
    assert hop == "orders → payments"
    assert "3 times" in why


def test_a_start_within_the_run_is_told_by_how_long_a_process_has_run() -> None:
    def uptimes(*values: tuple[float, str]) -> list[Series]:
        return [Series(metric={}, values=list(values))]

    assert began_within(uptimes((990.0, "50"), (1010.0, "70.4")), RUN) == []
    (began,) = began_within(uptimes((990.0, "50"), (1030.0, "9.9"), (1035.0, "15.1")), RUN)
    assert began == pytest.approx(1020, abs=0.5)


@pytest.mark.parametrize(
    ("first_told", "later"),
    [
        ([990.0], []),
        ([990.0, 1004.0], [1004.0]),
        ([1003.0], []),
        ([1003.0, 1030.0], [1030.0]),
        ([990.0, 1080.0], []),
    ],
    ids=["none", "soon", "the first push", "after the first push", "after the run"],
)
def test_an_instance_that_tells_later_than_another_is_a_restart(
    first_told: list[float], later: list[float]
) -> None:
    assert later_instances(first_told, RUN) == later


def test_the_restart_of_one_store_is_not_the_cause_of_what_another_misses() -> None:
    pipeline = Pipeline(restarts={"loki": [1030.0]})
    assert laid_to(difference("spans", -1), pipeline)[0] == "store → query"


def test_counts_since_the_last_scrape_go_with_a_restart() -> None:
    pipeline = Pipeline(restarts={"orders": [1030.0]})
    hop, why = laid_to(difference("counter", -12), pipeline)
    assert hop == "orders → store"
    assert "since its last scrape" in why


def test_in_the_viewer_collector_and_store_are_one_process() -> None:
    assert laid_to(difference("lines", -3), Pipeline(store_lost=3), viewer=True)[0] == (
        "viewer → its store"
    )
    assert laid_to(difference("lines", -3), Pipeline(refused={"lines": 3}), viewer=True) == (
        "orders → viewer",
        "the viewer refused 3",
    )


def test_requests_without_an_answer_are_of_the_first_hop() -> None:
    run = Run("x", 0, 1, Counter({("GET", "/orders", 200): 3, ("GET", "/orders", 0): 2}))
    (found,) = findings(run, [], Pipeline(), viewer=False)
    assert (found.hop, found.amount) == ("client → orders", -2)


def test_the_report_of_load_is_read_and_anything_else_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    answer = {"method": "GET", "route": "/orders", "about": "", "expected": True}
    one = {"run": "ab", "started": 1, "ended": 3}
    answers = [{**answer, "status": 200, "count": 3}, {**answer, "status": 0, "count": 1}]
    path.write_text(json.dumps({**one, "answers": answers}))
    run = read_report(path)
    assert (run.sent, run.answered, run.unanswered, run.seconds) == (4, 3, 1, 2)
    assert run.by_key() == Counter({LOOK: 3})
    for wrong in ("", "[]", '{"run": "x"}', json.dumps({**one, "answers": [{}]})):
        path.write_text(wrong)
        with pytest.raises(RunError, match="is no report of load"):
            read_report(path)
    with pytest.raises(RunError, match=r"cannot read the report .*absent.*No such file"):
        read_report(tmp_path / "absent")


def test_how_much_is_sampled_is_read_where_services_and_collector_read_it() -> None:
    ratio = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"}
    assert sampled(None, {}, tail=True) == Share()
    assert sampled(None, ratio, tail=True) == Share(0.25)
    assert sampled(0.5, ratio, tail=True) == Share(0.5)
    assert sampled(None, {"OTEL_TRACES_SAMPLER": "always_off"}, tail=True) == Share(0.0)
    by_tail = {"TAIL_SAMPLING": "1", "TAIL_SAMPLING_PERCENT": "20"}
    assert sampled(None, by_tail, tail=True) == Share(1, 0.2)
    assert sampled(None, by_tail, tail=False) == Share()  # no Collector stands before the viewer
    assert sampled(None, {"OTEL_TRACES_SAMPLER_ARG": "0.25"}, tail=True) == Share()
    with pytest.raises(LedgerError, match="OTEL_TRACES_SAMPLER_ARG='x' is no number from 0 to 1"):
        sampled(None, {**ratio, "OTEL_TRACES_SAMPLER_ARG": "x"}, tail=True)

"""What a counter grew by: exactly, with restarts, new series, and requests of others."""

from collections import Counter

from sightline.proof.ledger.increase import grown
from sightline.proof.stores import Series

START = 100.0


def series(*values: tuple[float, float], **labels: str) -> Series:
    return Series(metric=labels, values=[(at, str(value)) for at, value in values])


def by_status(labels: dict[str, str]) -> str:
    return labels.get("status", "")


def test_what_was_counted_before_the_start_does_not_count() -> None:
    one = series((90, 5), (95, 7), (105, 9), (110, 12), status="2xx")
    total, about = grown([one], START, by_status)
    assert total == Counter({"2xx": 5})
    assert (about.since, about.until, about.restarts) == (95, 110, [])


def test_a_series_that_appears_in_the_middle_began_at_nought() -> None:
    total, about = grown(
        [series((95, 1), (105, 1), status="2xx"), series((105, 3), status="5xx")], START, by_status
    )
    assert total == Counter({"5xx": 3, "2xx": 0})
    assert about.since == 95


def test_a_restart_loses_nothing_that_was_scraped() -> None:
    one = series((95, 40), (105, 50), (110, 4), (115, 9), status="2xx")
    total, about = grown([one], START, by_status)
    assert total == Counter({"2xx": 19})
    assert about.restarts == [110]


def test_replicas_are_added_up() -> None:
    total, _ = grown(
        [series((95, 1), (105, 6), instance="a"), series((96, 2), (106, 5), instance="b")],
        START,
        lambda _: None,
    )
    assert total.total() == 8


def test_no_sample_is_no_count() -> None:
    total, about = grown([], START, by_status)
    assert not total
    assert (about.since, about.until) == (START, 0)

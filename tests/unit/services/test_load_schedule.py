"""A rate that is asked for is kept, however long some answers take."""

from types import SimpleNamespace

import pytest

from load.schedule import on_schedule


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_who_was_held_up_by_a_slow_answer_catches_up() -> None:
    clock, customer = Clock(), SimpleNamespace()
    wait = on_schedule(2.0, clock)
    sent_at = []
    for answer_seconds in (0.5, 5.0, 0.1, 0.1, 0.1, 0.1):
        clock.now += wait(customer)
        sent_at.append(clock.now)
        clock.now += answer_seconds
    first = sent_at[0]
    # The third and fourth were due while the second was waited for; the sixth is on time again.
    expected = [first, first + 2, first + 7, first + 7.1, first + 8, first + 10]
    assert sent_at == pytest.approx(expected)


def test_customers_that_come_together_do_not_ask_in_one_breath() -> None:
    clock = Clock()
    wait = on_schedule(2.0, clock)
    first = sorted(wait(SimpleNamespace()) for _ in range(100))
    assert 0 <= first[0] < first[50] < first[-1] <= 2

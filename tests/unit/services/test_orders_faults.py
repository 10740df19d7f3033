"""A fault strikes the share of requests that it was set to, spread evenly over them."""

import pytest

from orders.faults import FaultName, Faults, FaultSettings


def strikes(ratio: float, requests: int) -> list[bool]:
    faults = Faults(enabled=True)
    faults.set(FaultName.ERRORS, FaultSettings(ratio=ratio))
    return [faults.struck(FaultName.ERRORS) is not None for _ in range(requests)]


@pytest.mark.parametrize("ratio", [0.1, 0.15, 0.25, 0.5, 0.9])
def test_every_stretch_of_requests_meets_its_share(ratio: float) -> None:
    struck = strikes(ratio, 1000)
    for start in range(0, 1000, 100):
        assert sum(struck[start : start + 100]) == pytest.approx(100 * ratio, abs=3)


@pytest.mark.parametrize("rhythm", [2, 4, 9, 10])
def test_no_kind_of_request_is_spared_or_singled_out_where_kinds_take_turns(rhythm: int) -> None:
    struck = strikes(0.1, 100 * rhythm)
    for turn in range(rhythm):
        assert sum(struck[turn::rhythm]) == pytest.approx(10, abs=4)


def test_all_requests_meet_a_fault_of_everybody() -> None:
    assert all(strikes(1, 1000))


def test_a_fault_that_is_off_strikes_nobody() -> None:
    assert Faults(enabled=True).struck(FaultName.ERRORS) is None

"""A fault that one worker of orders is told of is on in all of them."""

import threading
from pathlib import Path

from orders.faults import FaultName, Faults, FaultSettings

ERRORS, SLOW = FaultName.ERRORS, FaultName.SLOW_DB


def workers(folder: Path) -> tuple[Faults, Faults]:
    file = folder / "faults.json"
    return Faults(enabled=True, file=file), Faults(enabled=True, file=file)


def test_what_is_told_to_one_is_on_and_off_in_the_other(tmp_path: Path) -> None:
    one, other = workers(tmp_path)
    assert other.struck(ERRORS) is None
    one.set(ERRORS, FaultSettings(ratio=1))
    one.set(SLOW, FaultSettings(delay_seconds=0.25))
    assert other.struck(ERRORS)
    assert other.describe(SLOW).delay_seconds == 0.25
    other.clear(ERRORS)
    assert one.struck(ERRORS) is None
    assert one.struck(SLOW)


def test_one_that_starts_later_knows_what_is_on(tmp_path: Path) -> None:
    one, _ = workers(tmp_path)
    one.set(ERRORS, FaultSettings())
    assert workers(tmp_path)[1].struck(ERRORS)


def test_two_that_are_told_at_once_forget_nothing(tmp_path: Path) -> None:
    told = [(worker, name) for worker, name in zip(workers(tmp_path), (ERRORS, SLOW), strict=True)]

    def tell(worker: Faults, name: FaultName) -> None:
        for _ in range(50):
            worker.set(name, FaultSettings())

    threads = [threading.Thread(target=tell, args=one) for one in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    later = workers(tmp_path)[0]
    assert later.struck(ERRORS)
    assert later.struck(SLOW)


def test_a_worker_without_a_file_is_alone() -> None:
    one, other = Faults(enabled=True), Faults(enabled=True)
    one.set(ERRORS, FaultSettings())
    assert one.struck(ERRORS)
    assert other.struck(ERRORS) is None

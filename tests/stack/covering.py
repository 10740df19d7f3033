"""Counts what the tests asked of the real servers, of how much there is."""

from collections import Counter
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import pytest

P = ParamSpec("P")
R = TypeVar("R")
MARK = "covers"


def covered(what: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Marks a test as the proof of one thing of this kind; the summary counts them."""
    return getattr(pytest.mark, MARK)(what)


class Count:
    """A pytest plugin: of the things that tests prove, how many passed."""

    def __init__(self) -> None:
        self.there: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()
        self._kinds: dict[str, str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if mark := item.get_closest_marker(MARK):
                self._kinds[item.nodeid] = mark.args[0]
                self.there[mark.args[0]] += 1

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed and report.nodeid in self._kinds:
            self.passed[self._kinds[report.nodeid]] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        figures = [f"{self.passed[kind]} of {there} {kind}" for kind, there in self.there.items()]
        if figures:
            terminalreporter.section("asked of the real servers")
            terminalreporter.write_line(", ".join(figures))

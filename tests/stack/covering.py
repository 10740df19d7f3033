"""Counts what the tests asked of each stack, of how much there is."""

from collections import Counter
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import pytest
import stacks

P = ParamSpec("P")
R = TypeVar("R")
MARK = "covers"
TITLES = {
    None: "asked of the real servers",
    "stores": "asked of the real servers",
    "compose": "asked of the running compose stack",
    "viewer": "asked of the viewer in their place; what it cannot answer is in viewer_cannot.py",
}
Counted = tuple[str, str]  # whom, and what kind of thing


def covered(what: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Marks a test as the proof of one thing of this kind; the summary counts them."""
    return getattr(pytest.mark, MARK)(what)


class Count:
    """A pytest plugin: of the things that tests prove, how many passed."""

    def __init__(self) -> None:
        self.there: Counter[Counted] = Counter()
        self.passed: Counter[Counted] = Counter()
        self._counted: dict[str, Counted] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if mark := item.get_closest_marker(MARK):
                counted = self._counted[item.nodeid] = (TITLES[stacks.of(item)], mark.args[0])
                self.there[counted] += 1

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed and report.nodeid in self._counted:
            self.passed[self._counted[report.nodeid]] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for title in dict.fromkeys(title for title, _ in self.there):
            figures = [
                f"{self.passed[title, kind]} of {there} {kind}"
                for (whom, kind), there in self.there.items()
                if whom == title
            ]
            terminalreporter.section(title)
            terminalreporter.write_line(", ".join(figures))

"""Says at the end of a run how many of Prometheus' own test cases pass."""

import pytest
from cases import SHARE


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if line := terminalreporter.config.stash.get(SHARE, ""):
        terminalreporter.write_line(line)

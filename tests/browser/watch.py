"""Watches a page for what it must never do."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Request

# Kept as a build artefact: what each view looks like, and the page at the end of each test.
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"


@dataclass
class Watch:
    """What a page did that it should not have done."""

    home: str
    problems: list[str] = field(default_factory=list)
    # A wrong query is refused on purpose, and Chromium writes so: "... a status of 400 ...".
    refusals: set[int] = field(default_factory=set)

    def on_console(self, message: ConsoleMessage) -> None:
        if any(f"status of {each} " in message.text for each in self.refusals):
            return
        if message.type in {"error", "warning"}:
            self.problems.append(f"console: {message.text}")

    def on_error(self, error: Any) -> None:
        self.problems.append(f"error: {error}")

    def on_request(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.home).netloc:
            self.problems.append(f"asked another host: {request.url}")

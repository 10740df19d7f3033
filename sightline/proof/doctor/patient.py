"""What is examined: the addresses, the marked request, and what was learnt on the way."""

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sightline.proof import jaeger
from sightline.proof.addresses import Addresses, Mode
from sightline.proof.doctor import intake
from sightline.proof.doctor.intake import Intake
from sightline.proof.doctor.page import Page
from sightline.proof.doctor.remedies import Remedies
from sightline.proof.http import Answer, Unreachable, request
from sightline.proof.stores import Stores

T = TypeVar("T")

PROBE_SECONDS = 4.0
REQUEST_SECONDS = 15.0
_POLL_SECONDS = 0.3
# However late a hop is asked: one scrape, or one poll of a busy machine, fits.
_LEAST_SECONDS = 3.0
SAMPLE_SERVICE = "orders"
NEIGHBOUR = "payments"


@dataclass(frozen=True)
class Options:
    url: str = ""  # a user's own address, instead of an order
    service: str = ""  # its service.name, where it cannot be found out
    pushes: bool = False  # its metrics are pushed, not scraped
    stdout: Path | None = None  # where the service's stdout is kept
    wait: float = 15.0  # seconds that the marked request may take to arrive
    collector: str = "http://127.0.0.1:8888"  # the Collector's own metrics
    otlp_headers: Mapping[str, str] = field(default_factory=dict)
    token: str = ""  # a service account of Grafana's
    named: frozenset[str] = frozenset()  # the places that flags name


@dataclass(frozen=True)
class Mark:
    """What the request carries, to be found again: its id, its trace, the span it hangs from."""

    request_id: str = field(default_factory=lambda: f"doctor-{secrets.token_hex(4)}")
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    span_id: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def headers(self) -> dict[str, str]:
        return {
            "User-Agent": "sightline-doctor",
            "X-Request-ID": self.request_id,
            "traceparent": f"00-{self.trace_id}-{self.span_id}-01",
        }


@dataclass
class Patient:
    places: Addresses
    options: Options
    remedies: Remedies
    mark: Mark = field(default_factory=Mark)
    # Learnt on the way.
    sent_at: float = 0.0
    ended_at: float = 0.0
    answer: Answer | None = None
    page_before: Page = field(default_factory=lambda: Page(""))
    page: Page = field(default_factory=lambda: Page(""))
    before: Intake = field(default_factory=Intake)
    pushed_before: float = 0.0
    matcher: str = ""  # which series are the service's
    lines: list[dict[str, Any]] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)  # Grafana's own jsonData
    boards: list[dict[str, Any]] = field(default_factory=list)
    name: str = ""  # the service's, once it is known

    def __post_init__(self) -> None:
        self.name = self.options.service or ("" if self.own else SAMPLE_SERVICE)

    @property
    def own(self) -> bool:
        """A user's own service is asked, not the sample system."""
        return bool(self.options.url)

    @property
    def part(self) -> str:
        """The service by the name that its remedies know."""
        return "service" if self.own else SAMPLE_SERVICE

    @property
    def url(self) -> str:
        return self.options.url or f"{self.places.orders}/checkout"

    @property
    def base(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def viewer(self) -> bool:
        return self.places.mode is Mode.VIEWER

    def or_viewer(self, part: str) -> str:
        """The part of the stack, or the viewer that stands in its place."""
        return "viewer" if self.viewer else part

    @cached_property
    def stores(self) -> Stores:
        return self.places.stores(PROBE_SECONDS)

    def get(self, url: str, **headers: str) -> Answer:
        return request(url, timeout=PROBE_SECONDS, headers={**self.places.headers(url), **headers})

    def page_now(self, accept: str) -> Page | None:
        """The service's `/metrics`; None where there is none to read."""
        with suppress(Unreachable):
            answer = self.get(f"{self.base}/metrics", Accept=accept)
            if answer.status == 200:  # noqa: PLR2004 — HTTP's own
                return Page(answer.text)
        return None

    @cached_property
    def jaeger(self) -> str:
        """Jaeger's address where it stands in Tempo's place, else nothing."""
        if self.viewer or "tempo" in self.options.named:
            return ""
        return jaeger.found(self.places.tempo, self.places.jaeger)

    def trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The spans of a trace, each with its service's resource; none where it is unknown."""
        if self.jaeger:
            return jaeger.trace(self.jaeger, trace_id)
        return self.stores.trace(trace_id)

    def intake(self) -> Intake:
        """What Collector or viewer has counted up to now."""
        if self.viewer:
            return intake.of_viewer(self.places)
        return intake.of_collector(self.options.collector, self.stores)

    def until(
        self, ask: Callable[[], T], good: Callable[[T], object] = bool, most: float = 600
    ) -> T:
        """The first good answer, or the last one when the marked request's time is up."""
        wait = min(self.options.wait, most)
        deadline = max(self.sent_at + wait, time.time() + min(_LEAST_SECONDS, wait))
        while not good(found := ask()) and time.time() < deadline:
            time.sleep(_POLL_SECONDS)
        return found

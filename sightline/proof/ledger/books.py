"""What the stores hold of a run: lines and spans by its id, counters less everybody else's."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sightline.proof.ledger.entries import Books, Event
from sightline.proof.ledger.increase import Increase, grown, raw
from sightline.proof.ledger.run import Key, Run, grouped
from sightline.proof.stores import StoreError, Stores, attributes

ACCESS = '|~ "^http.request$"'
_EDGE_SECONDS = 1.5  # a scrape is under way this long at most, on a machine that is busy
_TRACES_AT_ONCE = 1_000  # the most that a search is answered with
_SPANS_OF_A_TRACE = 20  # one of orders, and of payments as many as it was asked


@dataclass(frozen=True)
class Service:
    """Where a service's requests stand: in which counter, under which labels."""

    name: str
    counter: str
    method: str
    route: str
    status: str
    spans: str  # TraceQL, for the run's id

    def key(self, labels: dict[str, str]) -> Key:
        route, status = labels.get(self.route, ""), labels.get(self.status, "")
        return Key(labels.get(self.method, ""), route, grouped(status))


ORDERS = Service(
    "orders",
    'http_requests_total{service_name="orders"}',
    "method",
    "handler",
    "status",
    'span.user_agent.original = "sightline-load/%s"',
)
PAYMENTS = Service(
    "payments",
    'http_server_request_duration_seconds_count{service_name="payments"}',
    "http_request_method",
    "http_route",
    "http_response_status_code",
    'span.load.run = "%s"',
)
CREATED = 'orders_created_total{service_name="orders"}'


@dataclass(frozen=True)
class Asked:
    """One look at the stores, and until when their counters were scraped."""

    books: Books
    counted: Increase


class Auditor:
    def __init__(self, stores: Stores, run: Run) -> None:
        self._stores = stores
        self._run = run
        self._first = run.started - 5
        self._spans_seen: dict[str, dict[str, Key]] = {}

    def look(self, service: Service, wanted: Counter[Key], now: float) -> Asked:
        books = Books(service.name, wanted)
        books.lines = self._lines(service.name, ACCESS, self._mine, self._first, now)
        series = raw(self._stores, service.counter, self._run.started, now)
        total, about = grown(series, self._run.started, service.key)
        others = self._lines(service.name, ACCESS, self._others, about.since, about.until)
        total.subtract(others)
        books.counter = Counter({key: count for key, count in total.items() if count})
        books.leeway = self._at_the_edges(service.name, ACCESS, about)
        books.spans = self._spans(service, wanted.total(), now)
        return Asked(books, about)

    def events(self, now: float) -> list[Event]:
        run = self._run
        bought, declined = run.purchases(201), run.purchases(402)
        created = Event("orders", "order.created", "answers of 201", bought)
        found = [
            created,
            Event("orders", "payment.failed", "answers of 402", declined),
            Event("payments", "charge.succeeded", "answers of 201", bought),
            Event("payments", "charge.declined", "answers of 402", declined),
        ]
        for event in found:
            lines = self._lines(event.service, _event(event.name), self._mine, self._first, now)
            event.lines = lines.total()
        total, about = grown(
            raw(self._stores, CREATED, run.started, now), run.started, lambda _: None
        )
        since, until = about.since, about.until
        others = self._lines("orders", _event(created.name), self._others, since, until)
        # An order that was left pending is confirmed later, outside of any request.
        settled = '|~ "^order.reconciled$" | status="confirmed"'
        late = self._lines("orders", settled, "", since, until)
        created.counter = total.total() - others.total() - late.total()
        created.leeway = self._at_the_edges("orders", _event(created.name), about).total()
        return found

    @property
    def _mine(self) -> str:
        return f'| request_id=~"{self._run.request_ids}"'

    @property
    def _others(self) -> str:
        return f'| request_id!~"{self._run.request_ids}"'

    def _at_the_edges(self, service: str, event: str, about: Increase) -> Counter[Key]:
        found: Counter[Key] = Counter()
        for at in (about.since, about.until):
            start, end = at - _EDGE_SECONDS, at + _EDGE_SECONDS
            found += self._lines(service, event, self._others, start, end)
        return found

    def _lines(
        self, service: str, event: str, whose: str, start: float, end: float
    ) -> Counter[Key]:
        milliseconds = int((end - start) * 1000)
        if milliseconds <= 0:
            return Counter()
        lines = f'{{service_name="{service}"}} {event} {whose}'
        query = f"sum by (method, route, status) (count_over_time({lines} [{milliseconds}ms]))"
        found: Counter[Key] = Counter()
        for sample in self._stores.logql_instant(query, end):
            labels = sample["metric"]
            key = Key(
                labels.get("method", ""), labels.get("route", ""), grouped(labels.get("status", ""))
            )
            found[key] += int(float(sample["value"][1]))
        return found

    def _spans(self, service: Service, wanted: int, now: float) -> Counter[Key]:
        """In portions: a search answers with whole traces, as many as it is asked for."""
        mine = service.spans % self._run.id
        query = (
            f'{{ resource.service.name = "{service.name}" && kind = server && {mine} }} | select('
            "span.http.request.method, span.http.route, span.http.response.status_code)"
        )
        found = self._spans_seen.setdefault(service.name, {})
        if len(found) < wanted:  # all there already, in an earlier look
            rate = max(self._run.sent / self._run.seconds, 1)
            portion = max(1, min(60, int(_TRACES_AT_ONCE / 2 / rate)))
            start, end = int(self._first), int(min(self._run.ended + 60, now)) + 1
            for since in range(start, end, portion):
                self._search(found, query, since, min(since + portion, end))
        return Counter(found.values())

    def _search(self, found: dict[str, Key], query: str, start: int, end: int) -> None:
        """Halved where a search could not give all; a trace at an edge is found twice."""
        limit = _TRACES_AT_ONCE
        traces = self._stores.search(query, start, end, limit, _SPANS_OF_A_TRACE)
        found.update(_server_spans(traces))
        if len(traces) < limit:
            return
        if end - start <= 1:
            raise StoreError(
                f"Tempo: more than {limit:,d} traces of one second: a search gives no more, so that"
                " spans cannot be counted. Send fewer requests a second (--rate)."
            )
        middle = (start + end) // 2
        self._search(found, query, start, middle)
        self._search(found, query, middle, end)


def _event(name: str) -> str:
    return f'|~ "^{name}$"'


def _server_spans(traces: Iterable[dict[str, Any]]) -> Iterable[tuple[str, Key]]:
    for trace in traces:
        for spans in trace.get("spanSets") or [trace["spanSet"]]:
            for span in spans["spans"]:
                said = attributes(span)
                key = Key(
                    str(said.get("http.request.method", "")),
                    str(said.get("http.route", "none")),
                    grouped(str(said.get("http.response.status_code", ""))),
                )
                yield f"{trace['traceID']}-{span['spanID']}", key

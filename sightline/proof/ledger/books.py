"""What the stores hold of a run: lines and spans by its id, counters less everybody else's."""

from collections import Counter
from dataclasses import dataclass

from sightline.proof.ledger.entries import Books, Event
from sightline.proof.ledger.increase import Increase, grown, raw
from sightline.proof.ledger.run import Key, Run, grouped
from sightline.proof.ledger.traces import Traces, search_all
from sightline.proof.stores import Stores

ACCESS = '|~ "^http.request$"'
_EDGE_SECONDS = 1.5  # a scrape is under way this long at most, on a machine that is busy


@dataclass(frozen=True)
class Service:
    """Where a service's requests stand: in which counter, under which labels."""

    name: str
    counter: str
    method: str
    route: str
    status: str
    mark: str  # the attribute of its server spans that has the run's id, and how
    marked: str

    def key(self, labels: dict[str, str]) -> Key:
        route, status = labels.get(self.route, ""), labels.get(self.status, "")
        return Key(labels.get(self.method, ""), route, grouped(status))


ORDERS = Service(
    "orders",
    'http_requests_total{service_name="orders"}',
    "method",
    "handler",
    "status",
    "user_agent.original",
    "sightline-load/%s",
)
PAYMENTS = Service(
    "payments",
    'http_server_request_duration_seconds_count{service_name="payments"}',
    "http_request_method",
    "http_route",
    "http_response_status_code",
    "load.run",
    "%s",
)
CREATED = 'orders_created_total{service_name="orders"}'


@dataclass(frozen=True)
class Asked:
    """One look at the stores, and until when their counters were scraped."""

    books: Books
    counted: Increase

    def scraped_after(self, ended: float) -> bool:
        """Or nothing was to be counted."""
        return not self.books.wanted or self.counted.until >= ended


class Auditor:
    def __init__(self, stores: Stores, traces: Traces, run: Run) -> None:
        self._stores = stores
        self._traces = traces
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
        unpaid = declined + run.purchases(502) + run.purchases(504)
        created = Event("orders", "order.created", "answers of 201", bought)
        failed = Event("orders", "payment.failed", "answers of 402 and 502 to 504", unpaid)
        found = [
            created,
            failed,
            Event("payments", "charge.succeeded", "answers of 201", bought),
            Event("payments", "charge.declined", "answers of 402", declined),
        ]
        for event in found:
            lines = self._lines(event.service, _event(event.name), self._mine, self._first, now)
            event.lines = lines.total()
        # An answer of 503 is payments' or the database's: as many may have failed to pay.
        failed.wanted += min(max(0, failed.lines - unpaid), run.purchases(503))
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
        found = self._spans_seen.setdefault(service.name, {})
        if len(found) < wanted:  # all there already, in an earlier look
            end = min(self._run.ended + 60, now)
            mark, value = service.mark, service.marked % self._run.id
            search_all(self._traces, service.name, (mark, value), self._run, end, found)
        return Counter(found.values())


def _event(name: str) -> str:
    return f'|~ "^{name}$"'

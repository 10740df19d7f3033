"""Where a difference arose: the hop, by what the path says of itself, and how much of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sightline.proof.ledger.entries import Difference
from sightline.proof.ledger.pipeline import Pipeline, clocks
from sightline.proof.ledger.run import Run

CLIENT = "client → orders"
SCRAPE = "{service} → store"
COLLECT = "{service} → collector"
STORE = "collector → store"
QUERY = "store → query"
BETWEEN = "orders → payments"


@dataclass(frozen=True)
class Finding:
    """One sentence about one hop; the amount is signed as in `Difference`."""

    hop: str
    what: str
    amount: int
    why: str


def findings(
    run: Run, differences: Sequence[Difference], pipeline: Pipeline, *, viewer: bool
) -> list[Finding]:
    found = list(_client(run))
    for service, column in sorted({(one.service, one.column) for one in differences}):
        rows = [d for d in differences if (d.service, d.column) == (service, column)]
        for amount, of in _amounts(rows):
            hop, why = _cause(run, service, column, amount, pipeline, of, viewer=viewer)
            what = f"{column} of {service}"
            found.append(Finding(hop.format(service=service), what, amount, why))
    if viewer:
        return [_for_viewer(one) for one in found]
    return found


def _amounts(rows: Sequence[Difference]) -> Iterator[tuple[int, list[Difference]]]:
    """What is missing and what is too much, each for itself; as many of both are in other rows."""
    less = [row for row in rows if row.amount < 0]
    more = [row for row in rows if row.amount > 0]
    missing, surplus = (sum(row.amount for row in some) for some in (less, more))
    if missing + surplus == 0:
        yield 0, [*less, *more]
        return
    for amount, some in ((missing, less), (surplus, more)):
        if amount:
            yield amount, some


def _client(run: Run) -> Iterator[Finding]:
    if run.unanswered:
        why = "these requests got no answer: orders was away, or hung up"
        yield Finding(CLIENT, "answers of orders", -run.unanswered, why)


def _cause(
    run: Run,
    service: str,
    column: str,
    amount: int,
    pipeline: Pipeline,
    rows: Sequence[Difference],
    *,
    viewer: bool,
) -> tuple[str, str]:
    restarts = pipeline.restarts.get(service, [])
    if 0 < amount <= run.unanswered:
        return CLIENT, "counted by the service, whose answer did not reach the client"
    if service == "payments" and (why := _asked_again(restarts, pipeline)) and amount >= 0:
        return BETWEEN, why
    if amount == 0:
        return SCRAPE if column == "counter" else QUERY, f"in other rows than sent: {_named(rows)}"
    if amount > 0:
        return QUERY, "more than was sent: delivered twice, or of somebody with the same run id"
    if column == "counter":
        return _of_counter(service, restarts, pipeline)
    return _of_records(service, column, amount, restarts, pipeline, viewer=viewer)


def _asked_again(restarts: list[float], pipeline: Pipeline) -> str:
    if restarts:
        return (
            f"payments was restarted at {clocks(restarts)}: orders did not hear of all that it"
            " answered, and asked again"
        )
    times = pipeline.retried
    return f"orders asked payments again {times:,d} times (payment.retry)" if times else ""


def _of_counter(service: str, restarts: list[float], pipeline: Pipeline) -> tuple[str, str]:
    if restarts:
        return SCRAPE, (
            f"{service} was restarted at {clocks(restarts)}: what it had counted since"
            " its last scrape or push went with it"
        )
    if missed := pipeline.unscraped.get(service):
        return SCRAPE, f"{missed} scrapes of {service} failed (up == 0)"
    return SCRAPE, "no sample of the counter is as new as the end of the run"


def _of_records(
    service: str,
    column: str,
    amount: int,
    restarts: list[float],
    pipeline: Pipeline,
    *,
    viewer: bool,
) -> tuple[str, str]:
    """The first hop that has something to say, in the order of the path."""
    place = "viewer" if viewer else "Collector"
    dropped = pipeline.dropped.get((service, column), 0)
    waiting = pipeline.waiting.get((service, column), 0)
    refused, failed = pipeline.refused.get(column, 0), pipeline.failed.get(column, 0)
    queued = pipeline.queued.get(column, 0)
    said = (
        (dropped, COLLECT, f"{service} dropped {dropped:,d}: its queue was full, or refused"),
        (waiting, COLLECT, f"{waiting:,d} wait in {service} to be sent"),
        (refused, COLLECT, f"the {place} refused {refused:,d}"),
        (
            len(restarts),
            COLLECT,
            f"{service} was restarted at {clocks(restarts)}: what it had not sent went with it",
        ),
        (failed, STORE, f"the Collector gave up {failed:,d} (send or enqueue failed)"),
        (queued, STORE, f"{queued:,d} bytes wait in the Collector's queue"),
    )
    for happened, hop, why in said:
        if happened:
            return hop, why
    return _of_stores(column, amount, pipeline, viewer=viewer)


def _of_stores(column: str, amount: int, pipeline: Pipeline, *, viewer: bool) -> tuple[str, str]:
    if pipeline.store_lost:
        return STORE, f"the viewer could not store {pipeline.store_lost:,d} rows"
    kept_by = ("tempo", "jaeger") if column == "spans" else ("loki",)
    for place in ("viewer",) if viewer else kept_by:
        if times := pipeline.restarts.get(place):
            when = clocks(times)
            return STORE, f"{place} was restarted at {when}: what it had not kept went with it"
    away = pipeline.restarts.get("otel-collector")
    if away:
        when = clocks(away)
        return STORE, f"the Collector was restarted at {when}"
    return QUERY, f"sent and taken, by all accounts, but {-amount:,d} are not found"


def _for_viewer(one: Finding) -> Finding:
    """There the collector and the store are one process."""
    hop = one.hop.replace("collector → store", "viewer → its store")
    hop = hop.replace("→ collector", "→ viewer").replace("→ store", "→ viewer")
    return Finding(hop.replace("→ its viewer", "→ its store"), one.what, one.amount, one.why)


def _named(rows: Sequence[Difference]) -> str:
    shown = [
        f"{row.key.request} {row.key.status}: {row.amount:+,d}"
        for row in rows
        if row.key is not None
    ]
    return "; ".join(shown[:4])

"""The ledger for people to read, and for programs."""

from collections.abc import Iterator
from typing import Any

from sightline.proof.ledger.audit import Audit
from sightline.proof.ledger.entries import COLUMNS, Books
from sightline.proof.ledger.run import Run

_WIDTH = 26


def table(audit: Audit) -> str:
    run = audit.run
    lines = [
        "",
        _sentence(run),
        "",
        _row("service", "request", "status", "answered", *COLUMNS),
        *(row for books in audit.books for row in _rows(books, audit)),
        "",
        _row("service", "event", "", "answered", "counter", "", "lines"),
    ]
    for event in audit.events:
        counts = (event.wanted, "" if event.counter is None else event.counter, "", event.lines)
        lines.append(_row(event.service, event.name, "", *counts, apart=bool(event.differences())))
    return "\n".join([*lines, "", *_verdict(audit)])


def _sentence(run: Run) -> str:
    return (
        f"Ledger of run {run.id}: {run.sent:,d} requests sent, {run.answered:,d} answered,"
        f" {run.sent / run.seconds:.1f} a second for {run.seconds:.0f} s"
    )


def _row(service: str, what: str, status: str, *figures: int | str, apart: bool = False) -> str:
    shown = (f"{each:>10,d}" if isinstance(each, int) else f"{each:>10s}" for each in figures)
    return f"{service:9s} {what:{_WIDTH}s} {status:7s}{''.join(shown)}{' ≠' if apart else ''}"


def _rows(books: Books, audit: Audit) -> Iterator[str]:
    apart = {difference.key for difference in books.differences(audit.share)}
    for key in books.rows():
        figures = (books.wanted[key], *(books.column(name)[key] for name in COLUMNS))
        yield _row(books.service, key.request, key.status, *figures, apart=key in apart)
    sums = (books.wanted.total(), *(books.column(name).total() for name in COLUMNS))
    yield _row(books.service, "all", "", *sums, apart=bool(apart))


def _verdict(audit: Audit) -> Iterator[str]:
    share = audit.share
    if share.sampled:
        of = audit.books[0].wanted.total()
        low, high = share.bounds(of)
        yield (
            f"Traces are sampled ({share.head * share.tail:g} of all): {low:,d} to {high:,d} spans"
            f" of {audit.books[0].service} are to be expected."
        )
    if leeway := max(books.leeway.total() for books in audit.books):
        yield (
            f"Others sent {leeway:,d} requests as the counters were scraped:"
            " their rows may differ by so many."
        )
    if audit.equal:
        yield f"Equal: nothing was lost on the way (all had arrived after {audit.waited:.0f} s)."
        return
    yield "Not equal:"
    for one in audit.findings:
        amount = f"{one.amount:+,d} " if one.amount else ""
        yield f"  {one.hop}: {amount}{one.what}: {one.why}."


def document(audit: Audit) -> dict[str, Any]:
    run = audit.run
    return {
        "run": run.id,
        "started": run.started,
        "ended": run.ended,
        "sent": run.sent,
        "answered": run.answered,
        "per_second": round(run.sent / run.seconds, 3),
        "equal": audit.equal,
        "waited_seconds": round(audit.waited, 3),
        "sampled": audit.share.head * audit.share.tail,
        "services": [_books(books) for books in audit.books],
        "events": [vars(event) for event in audit.events],
        "findings": [vars(one) for one in audit.findings],
    }


def _books(books: Books) -> dict[str, Any]:
    rows = [
        {
            **vars(key),
            "answered": books.wanted[key],
            **{name: books.column(name)[key] for name in COLUMNS},
        }
        for key in books.rows()
    ]
    return {"service": books.service, "leeway": books.leeway.total(), "rows": rows}

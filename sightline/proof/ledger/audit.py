"""Asks the stores until all of a run has arrived, or the wait is over."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sightline.proof import jaeger
from sightline.proof.addresses import Addresses, Mode
from sightline.proof.ledger.books import ORDERS, PAYMENTS, Auditor
from sightline.proof.ledger.entries import Books, Difference, Event, Share
from sightline.proof.ledger.hops import Finding, findings
from sightline.proof.ledger.pipeline import Pipeline, observe
from sightline.proof.ledger.run import Key, Run
from sightline.proof.ledger.traces import InJaeger, InTempo, Traces
from sightline.proof.stores import StoreError

_BETWEEN_LOOKS = 3.0
CHARGES = "/charges"


@dataclass
class Audit:
    run: Run
    share: Share
    books: list[Books]
    events: list[Event]
    waited: float
    scraped: bool = True  # every counter has a sample of after the run
    findings: list[Finding] = field(default_factory=list)

    @property
    def differences(self) -> list[Difference]:
        of_books = [d for books in self.books for d in books.differences(self.share)]
        return of_books + [d for event in self.events for d in event.differences()]

    @property
    def equal(self) -> bool:
        return not self.differences and not self.run.unanswered


def audit(
    addresses: Addresses,
    run: Run,
    share: Share,
    wait: float,
    say: Callable[[str], None],
) -> Audit:
    began, trouble = time.monotonic(), ""
    auditor = Auditor(addresses.stores(), traces_in(addresses), run)
    while True:
        waited = time.monotonic() - began
        try:
            found = _look(auditor, run, share, waited)
        except StoreError as error:
            # A store may be coming back; only at the end of the wait is it an answer.
            found, trouble = None, str(error)
        if found is not None and not found.differences and found.scraped:
            break
        if waited >= wait:
            break
        say(_progress(found, trouble, wait - waited))
        time.sleep(_BETWEEN_LOOKS)
    if found is None:
        raise StoreError(trouble)
    if not found.equal:
        found.findings = _explained(addresses, found)
    return found


def _explained(addresses: Addresses, found: Audit) -> list[Finding]:
    try:
        pipeline = observe(addresses, found.run, time.time())
    except StoreError as error:
        pipeline = Pipeline(notes=[f"what the path says of itself could not be asked: {error}"])
    viewer = addresses.mode is Mode.VIEWER
    explained = findings(found.run, found.differences, pipeline, viewer=viewer)
    return explained + [Finding("the path", "itself", 0, note) for note in pipeline.notes]


def traces_in(addresses: Addresses) -> Traces:
    """Jaeger's where it stands in Tempo's place."""
    stack = addresses.mode is Mode.STACK
    if stack and (instead := jaeger.found(addresses.tempo, addresses.jaeger)):
        return InJaeger(instead)
    return InTempo(addresses.stores())


def _look(auditor: Auditor, run: Run, share: Share, waited: float) -> Audit:
    now = time.time()
    orders = auditor.look(ORDERS, run.by_key(), now)
    payments = auditor.look(PAYMENTS, asked_of_payments(run), now)
    events = auditor.events(now)
    scraped = all(one.scraped_after(run.ended) for one in (orders, payments))
    return Audit(run, share, [orders.books, payments.books], events, waited, scraped)


def asked_of_payments(run: Run) -> Counter[Key]:
    """Each confirmed order was charged, each declined one refused, once."""
    wanted = Counter(
        {
            Key("POST", CHARGES, "2xx"): run.purchases(201),
            Key("POST", CHARGES, "4xx"): run.purchases(402),
        }
    )
    return +wanted


def _progress(found: Audit | None, trouble: str, left: float) -> str:
    if found is None:
        return f"waiting: {trouble} ({left:.0f} s left)"
    open_rows = {(d.service, d.column) for d in found.differences} or {("services", "a scrape")}
    named = ", ".join(f"{column} of {service}" for service, column in sorted(open_rows))
    return f"waiting for {named} ({left:.0f} s left)"

"""Hop after hop, until the first that is broken; whoever asks gets a finding for each."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sightline.proof.doctor import arrival, collection, grafana, links, panels, service, stdout
from sightline.proof.doctor import stores as stores_hops
from sightline.proof.doctor.findings import Broken, Finding, Hop, State, Unchecked
from sightline.proof.doctor.patient import Patient
from sightline.proof.http import Unreachable
from sightline.proof.stores import StoreError

# In the order of the data's path: what comes later can only be right if what is before it is.
HOPS: tuple[Hop, ...] = (
    *service.HOPS,
    *stdout.HOPS,
    collection.ENDPOINT,
    collection.EXPORT,
    *stores_hops.HOPS,
    arrival.SCRAPE,
    collection.TAKEN,
    collection.HANDED,
    arrival.METRIC,
    arrival.PUSHED_METRIC,
    arrival.LINES,
    arrival.TRACE,
    grafana.PAGE,
    grafana.DATA_SOURCES,
    *links.HOPS,
    grafana.DASHBOARDS,
    panels.PANELS,
)


@dataclass(frozen=True)
class Examination:
    patient: Patient
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def broken(self) -> Finding | None:
        return next((one for one in self.findings if one.state is State.BROKEN), None)


def examine(patient: Patient, tell: Callable[[Finding], None] = lambda _: None) -> Examination:
    """`tell` hears of each finding as it is made."""
    began = time.monotonic()
    findings = []
    for finding in _findings(patient):
        tell(finding)
        findings.append(finding)
    return Examination(patient, tuple(findings), time.monotonic() - began)


def _findings(patient: Patient) -> Iterator[Finding]:
    broken = False
    for hop in HOPS:
        if broken:
            yield Finding(hop=hop.name, state=State.NOT_ASKED)
            continue
        finding = _asked(patient, hop)
        yield finding
        broken = finding.state is State.BROKEN


# What an answer of another form than its API has comes to.
_UNEXPECTED = (ValueError, LookupError, TypeError, AttributeError)


def _asked(patient: Patient, hop: Hop) -> Finding:
    began = time.monotonic()
    try:
        found = hop.check(patient)
    except Unchecked as why:
        return Finding(hop=hop.name, state=State.UNCHECKED, found=str(why))
    except Broken as broken:
        return _broken(hop, broken, began)
    except (StoreError, Unreachable, *_UNEXPECTED) as error:
        return _broken(hop, _unexpected(patient, hop, error), began)
    seconds = time.monotonic() - began
    return Finding(hop=hop.name, state=State.SOUND, found=found, seconds=seconds)


def _broken(hop: Hop, broken: Broken, began: float) -> Finding:
    return Finding(
        hop=hop.name,
        state=State.BROKEN,
        seconds=time.monotonic() - began,
        expected=broken.expected,
        found=broken.found,
        cause=broken.cause,
        remedy=broken.remedy,
    )


def _unexpected(patient: Patient, hop: Hop, error: Exception) -> Broken:
    """Somebody who answered before stopped answering, or answers otherwise than its API says."""
    return Broken(
        expected=f"an answer to: {hop.question}",
        found=f"{error}" if isinstance(error, StoreError | Unreachable) else repr(error),
        cause="what answered a moment ago stopped, or it is not what its address says it is",
        remedy=f"sightline doctor   (once more; then {patient.remedies.look('the part named')})",
    )

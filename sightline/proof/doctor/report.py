"""An examination for people, line by line, and for machines, as JSON."""

import json
from dataclasses import asdict

from sightline.proof.doctor.examination import HOPS, Examination
from sightline.proof.doctor.findings import Finding, State
from sightline.proof.doctor.patient import Patient

_WIDTH = max(len(hop.name) for hop in HOPS)
_MARKS = {
    State.SOUND: "ok",
    State.BROKEN: "BROKEN",
    State.UNCHECKED: "-",
    State.NOT_ASKED: "",
}


def opening(patient: Patient) -> str:
    where = "the viewer" if patient.viewer else "the stack"
    return (
        f"One marked request to {patient.url}, followed through {where}.\n"
        f"X-Request-ID {patient.mark.request_id}, trace {patient.mark.trace_id}\n"
    )


def line(finding: Finding) -> str:
    head = f"{_MARKS[finding.state]:>6}  {finding.hop:<{_WIDTH}}  "
    if finding.state is State.BROKEN:
        explained = (
            ("expected", finding.expected),
            ("found", finding.found),
            ("likely", finding.cause),
            ("do", finding.remedy),
        )
        return head.rstrip() + "".join(f"\n{'':8}{name:>8}  {text}" for name, text in explained)
    if finding.state is State.NOT_ASKED:
        return f"{head}not asked"
    if finding.state is State.UNCHECKED:
        return f"{head}not checked: {finding.found}"
    return head + finding.found


def verdict(examination: Examination) -> str:
    took = f"{examination.seconds:.1f} s"
    if examination.broken:
        return f"\nBroken at: {examination.broken.hop}. ({took})"
    left = sum(one.state is State.UNCHECKED for one in examination.findings)
    aside = f" {left} could not be checked from here." if left else ""
    return f"\nEvery hop that was asked holds.{aside} ({took})"


def document(examination: Examination) -> str:
    patient = examination.patient
    broken = examination.broken
    return json.dumps(
        {
            "healthy": broken is None,
            "broken": broken.hop if broken else None,
            "mode": str(patient.places.mode),
            "url": patient.url,
            "request_id": patient.mark.request_id,
            "trace_id": patient.mark.trace_id,
            "seconds": round(examination.seconds, 2),
            "hops": [asdict(finding) for finding in examination.findings],
        },
        indent=2,
    )

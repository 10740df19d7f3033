"""The first hops: the service answers, counts, marks and logs the request."""

import json
import socket
import time
from contextlib import suppress
from urllib.parse import urlsplit

from sightline.proof.doctor.findings import Broken, Hop, Unchecked
from sightline.proof.doctor.page import OPENMETRICS
from sightline.proof.doctor.patient import NEIGHBOUR, PROBE_SECONDS, REQUEST_SECONDS, Patient
from sightline.proof.http import Answer, Unreachable, request
from sightline.proof.stores import StoreError

OK, UNAVAILABLE, SERVER_ERROR, NOT_FOUND = 200, 503, 500, 404
ORDER = {
    "product_id": 1,
    "quantity": 1,
    "payment_method": "card",
    "currency": "EUR",
    "user_email": "doctor@example.com",
}
COUNT = "http_requests_total"
BUCKET = "http_request_duration_seconds_bucket"
PUSHED = f'sum(http_server_request_duration_seconds_count{{service_name="{NEIGHBOUR}"}})'
_ASKS_PAYMENTS = {"payment_unavailable", "payment_timeout", "payment_rejected"}


def reachable(patient: Patient) -> str:
    parts = urlsplit(patient.base)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), timeout=PROBE_SECONDS).close()
    except OSError as error:
        raise Broken(
            expected=f"something listens at {patient.base}",
            found=error.strerror or str(error),
            cause=f"{patient.part} is not running, or listens elsewhere",
            remedy=patient.remedies.start(patient.part),
        ) from error
    return f"{patient.base} listens" if patient.own else _healthy(patient)


def _healthy(patient: Patient) -> str:
    url = f"{patient.base}/health"
    try:
        answer = patient.get(url)
        found = f"{url} answers {answer.summary}"
    except Unreachable as error:
        answer, found = None, str(error)
    if answer is not None and answer.status == OK:
        return f"{url} answers {answer.status}"
    database = answer is not None and answer.status == UNAVAILABLE
    cause = "its database cannot be used" if database else "it hangs, or something else is there"
    raise Broken(
        expected=f"{url} answers 200",
        found=found,
        cause=f"{patient.part} is there but not well: {cause}",
        remedy=patient.remedies.look(patient.part),
    )


def answered(patient: Patient) -> str:
    _note_counts(patient)
    patient.sent_at = time.time()
    answer = patient.answer = _send(patient)
    patient.ended_at = time.time()
    if answer.status >= SERVER_ERROR:
        raise _failed(patient, answer)
    given = answer.headers.get("x-request-id", "")
    if given != patient.mark.request_id and not patient.options.pushes:
        raise _unmarked(patient, given)
    took = 1000 * (patient.ended_at - patient.sent_at)
    how = "POST" if not patient.own else "GET"
    return f"{how} {patient.url} answered {answer.status} in {took:.0f} ms, X-Request-ID {given}"


def _send(patient: Patient) -> Answer:
    body = None if patient.own else json.dumps(ORDER).encode()
    headers = patient.mark.headers | ({} if body is None else {"Content-Type": "application/json"})
    method = "GET" if body is None else "POST"
    try:
        return request(
            patient.url, timeout=REQUEST_SECONDS, method=method, headers=headers, body=body
        )
    except Unreachable as error:
        raise Broken(
            expected=f"{patient.url} answers within {REQUEST_SECONDS:g} s",
            found=str(error),
            cause="the service hangs: a database or another service that it waits for",
            remedy=patient.remedies.look(patient.part),
        ) from error


def _failed(patient: Patient, answer: Answer) -> Broken:
    code = ""
    with suppress(ValueError):
        body = answer.json()
        code = str(body.get("code", "")) if isinstance(body, dict) else ""
    expected, found = f"{patient.url} answers without a server error", answer.summary
    if code in _ASKS_PAYMENTS:
        return Broken(
            expected=expected,
            found=found,
            cause=f"{NEIGHBOUR} is down or hangs (or the fault payment-down is on: "
            f"curl {patient.base}/faults)",
            remedy=patient.remedies.start(NEIGHBOUR),
        )
    return Broken(
        expected=expected,
        found=found,
        cause=f"a fault in {patient.part} itself"
        + ("" if patient.own else f" (or one that is switched on: curl {patient.base}/faults)"),
        remedy=f"{patient.remedies.look(patient.part)}   (look for {patient.mark.request_id})",
    )


def _unmarked(patient: Patient, given: str) -> Broken:
    return Broken(
        expected=f"the answer carries X-Request-ID {patient.mark.request_id}",
        found=f"X-Request-ID {given}" if given else "an answer without X-Request-ID",
        cause="the app is not instrumented, or something before it drops the header",
        remedy="from sightline.telemetry import instrument; instrument(app)   "
        "(instrumented by OpenTelemetry alone? sightline doctor --pushes)",
    )


def _note_counts(patient: Patient) -> None:
    """What stood on the counters before the request; where none can be read, later hops say so."""
    patient.page_before = patient.page_now(OPENMETRICS) or patient.page_before
    with suppress(StoreError, Unreachable, ValueError):
        patient.before = patient.intake()
    if not patient.own:
        with suppress(StoreError):
            patient.pushed_before = patient.stores.number(PUSHED)


def counted(patient: Patient) -> str:
    _scraped(patient)
    url = f"{patient.base}/metrics"
    try:
        answer = patient.get(url, Accept=OPENMETRICS)
    except Unreachable as error:
        raise _no_page(patient, str(error)) from error
    if answer.status != OK:
        raise _no_page(patient, f"it answers {answer.summary}")
    page = patient.page_now(OPENMETRICS) or patient.page
    patient.page = page
    before, after = patient.page_before.total(COUNT), page.total(COUNT)
    if after <= before:
        raise Broken(
            expected=f"{url} counts the marked request in {COUNT}",
            found=f"{before:.0f} before it, {after:.0f} after it",
            cause="the metrics are another app's, or of a registry that the app does not use",
            remedy="from sightline.telemetry import instrument; instrument(app)",
        )
    return f"{url} counted it: {COUNT} {before:.0f} → {after:.0f}"


def _no_page(patient: Patient, found: str) -> Broken:
    return Broken(
        expected=f"{patient.base}/metrics is served",
        found=found,
        cause="the app is not instrumented, or serves its metrics elsewhere",
        remedy="from sightline.telemetry import instrument; instrument(app)   "
        "(metrics are pushed? sightline doctor --pushes)",
    )


def exemplified(patient: Patient) -> str:
    _scraped(patient)
    found = [one for one in patient.page.exemplars(BUCKET) if one.get("trace_id")]
    if found:
        return f"{len(found)} buckets carry a trace_id"
    raise Broken(
        expected=f"buckets of {BUCKET} carry an exemplar with trace_id",
        found="none does, though the marked request asked to be traced",
        cause="traces are switched off (OTEL_TRACES_SAMPLER=always_off, OTEL_SDK_DISABLED), "
        "or the metrics are of the multi-process kind, which keeps no exemplars",
        remedy=patient.remedies.with_setting(
            "OTEL_TRACES_SAMPLER=parentbased_always_on", patient.part
        ),
    )


def _scraped(patient: Patient) -> None:
    if patient.options.pushes:
        raise Unchecked("the service pushes its metrics (--pushes)")


HOPS = (
    Hop("service", "Does the service listen, and is it well?", reachable),
    Hop("request", "Is a marked request answered, with its X-Request-ID?", answered),
    Hop("metrics page", "Does /metrics count it?", counted),
    Hop("exemplars", "Do the histograms on /metrics carry trace ids?", exemplified),
)

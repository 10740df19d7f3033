"""From the service to the stores: the OTLP endpoint, the service's export, the Collector."""

import json
from typing import Any

from sightline.proof.addresses import Mode
from sightline.proof.doctor.findings import Broken, Hop, Unchecked
from sightline.proof.doctor.intake import ITEMS, Intake, grown
from sightline.proof.doctor.page import OPENMETRICS, Page
from sightline.proof.doctor.patient import PROBE_SECONDS, Patient
from sightline.proof.http import Answer, Unreachable, request

OK = 200
TOO_MUCH = {429, 503}
NO_ENDPOINT = {404, 405}
DENIED = {401, 403}
# What sightline.telemetry exports itself; metrics are scraped.
_EXPORTED = ("traces", "logs")


def words(signal: str) -> str:
    return ITEMS[signal].replace("_", " ")


def endpoint(patient: Patient) -> str:
    """Sends doctor's own client span, which the marked request hangs from."""
    url = f"{patient.places.otlp_http}/v1/traces"
    part = patient.or_viewer("otel-collector")
    expected = f"{url} takes a span"
    try:
        answer = request(
            url,
            timeout=PROBE_SECONDS,
            method="POST",
            headers={**patient.options.otlp_headers, "Content-Type": "application/json"},
            body=json.dumps(own_span(patient)).encode(),
        )
    except Unreachable as error:
        raise Broken(
            expected=expected,
            found=str(error),
            cause=_nobody(patient),
            remedy=patient.remedies.start(part),
        ) from error
    if answer.status == OK:
        return f"{url} took doctor's own span"
    raise _refused(patient, part, expected, answer)


def _nobody(patient: Patient) -> str:
    if patient.places.mode is Mode.NONE:
        return "neither the viewer nor a Collector runs; services keep what they can until then"
    if patient.viewer:
        return "the viewer listens for OTLP at another port (SIGHTLINE_OTLP_HTTP_PORT)"
    return "the Collector is not running; services keep what they can until it is back"


def _refused(patient: Patient, part: str, expected: str, answer: Answer) -> Broken:
    if answer.status in TOO_MUCH:
        cause = "it turns senders away: its memory limit is reached, or a queue is full"
        return Broken(
            expected=expected,
            found=f"refused: {answer.summary}",
            cause=cause,
            remedy=patient.remedies.look(part),
        )
    if answer.status in DENIED:
        cause = "it takes only what carries its key, and doctor was told none"
        if patient.options.otlp_headers:
            cause = "it takes only what carries its key, which OTEL_EXPORTER_OTLP_HEADERS has not"
        return Broken(
            expected=expected,
            found=f"refused: {answer.summary}",
            cause=cause,
            remedy="OTEL_EXPORTER_OTLP_HEADERS='authorization=Bearer%20KEY' sightline doctor",
        )
    cause = "it refuses what it is sent"
    if answer.status in NO_ENDPOINT:
        cause = "something else than an OTLP endpoint listens there"
    return Broken(
        expected=expected,
        found=f"it answers {answer.summary}",
        cause=cause,
        remedy=patient.remedies.start(part),
    )


def own_span(patient: Patient) -> dict[str, Any]:
    text = {"service.name": "doctor", "service.namespace": "sightline"}
    span = {
        "traceId": patient.mark.trace_id,
        "spanId": patient.mark.span_id,
        "name": "doctor",
        "kind": 3,  # client
        "startTimeUnixNano": str(int(patient.sent_at * 1e9)),
        "endTimeUnixNano": str(int(patient.ended_at * 1e9)),
        # Tail sampling keeps the traces that have this (otel-collector/tail-sampling.yaml).
        "attributes": _attributes({"url.full": patient.url, "sightline.marked": "doctor"}),
    }
    resource = {"attributes": _attributes(text)}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}


def _attributes(texts: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in texts.items()]


def exported(patient: Patient) -> str:
    """By the service's own counters: what the endpoint took, and which tries failed."""
    name = "sightline_telemetry_exported_total"
    if not patient.page.has("sightline_telemetry_queue_capacity") and not patient.page.has(name):
        raise Unchecked("the service does not count its export (no sightline.telemetry)")
    waited = patient.until(
        lambda: patient.page_now(OPENMETRICS) or patient.page,
        lambda page: not _left(patient.page_before, page) or _hopeless(patient, page),
    )
    left = _left(patient.page_before, waited)
    if left:
        # One that is switched off explains more than one that only waits.
        signal = min(left, key=lambda signal: signal in waited.by("signal", name))
        raise _not_exported(patient, waited, signal)
    taken = {s: _growth(patient.page_before, waited, name, s) for s in _EXPORTED}
    return ", ".join(f"{count:.0f} {words(s)}" for s, count in taken.items())


def _hopeless(patient: Patient, now: Page) -> bool:
    """A signal is not exported, or a try failed while the endpoint answers: it went elsewhere."""
    tries = "sightline_telemetry_export_failures_total"
    return not now.by("signal", tries).keys() >= set(_EXPORTED) or any(
        _growth(patient.page_before, now, tries, signal) > 0 for signal in _EXPORTED
    )


def _left(before: Page, now: Page) -> list[str]:
    name = "sightline_telemetry_exported_total"
    return [signal for signal in _EXPORTED if _growth(before, now, name, signal) <= 0]


def _growth(before: Page, now: Page, name: str, signal: str) -> float:
    return now.by("signal", name).get(signal, 0) - before.by("signal", name).get(signal, 0)


def _not_exported(patient: Patient, page: Page, signal: str) -> Broken:
    expected = f"the endpoint takes the service's {words(signal)}"
    remedies = patient.remedies
    if signal not in page.by("signal", "sightline_telemetry_exported_total"):
        off = f"OTEL_{signal.upper()}_EXPORTER"
        return Broken(
            expected=expected,
            found=f"the service exports no {signal}",
            cause=f"{off}=none (or OTEL_SDK_DISABLED=true) is set for {patient.part}",
            remedy=remedies.with_setting(f"{off}=otlp", patient.part),
        )
    failed = page.by("signal", "sightline_telemetry_export_failures_total").get(signal, 0)
    waits = page.by("signal", "sightline_telemetry_queue_size").get(signal, 0)
    return Broken(
        expected=expected,
        found=f"none taken, {failed:.0f} tries failed, {waits:.0f} wait",
        cause=f"{patient.part} sends elsewhere than to {patient.places.otlp_http}, which answers: "
        "OTEL_EXPORTER_OTLP_ENDPOINT names another address",
        remedy=remedies.with_setting(
            f"OTEL_EXPORTER_OTLP_ENDPOINT={patient.places.otlp_http}", patient.part
        )
        if remedies.foreign or patient.own
        else remedies.recreate(patient.part),
    )


def taken_in(patient: Patient) -> str:
    now = patient.until(patient.intake, lambda found: not _missing(patient, found))
    if not now:
        raise _no_counters(patient)
    taker = "the viewer" if patient.viewer else "the Collector"
    refused = {signal: grown(patient.before.refused, now.refused, signal) for signal in ITEMS}
    worst = max(refused, key=lambda signal: refused[signal])
    if refused[worst]:
        raise Broken(
            expected=f"{taker} takes what it is sent",
            found=f"{refused[worst]:.0f} {words(worst)} refused since the request",
            cause="its memory limit is reached, or a queue is full because a store is away",
            remedy=patient.remedies.look(patient.or_viewer("otel-collector")),
        )
    for signal in _missing(patient, now):
        raise Broken(
            expected=f"{taker} accepts the request's {words(signal)}",
            found=f"its count of accepted {words(signal)} did not move",
            cause="the services send to another endpoint than the one that is looked at here",
            remedy=patient.remedies.recreate(patient.part),
        )
    came = {s: grown(patient.before.accepted, now.accepted, s) for s in ITEMS}
    return "accepted " + ", ".join(f"{n:.0f} {words(s)}" for s, n in came.items())


def _missing(patient: Patient, now: Intake) -> list[str]:
    before = patient.before.accepted
    return [signal for signal in _EXPORTED if grown(before, now.accepted, signal) <= 0]


def _no_counters(patient: Patient) -> Exception:
    nowhere = f"no otelcol_ counters at {patient.options.collector} or in Prometheus"
    if patient.remedies.foreign:
        return Unchecked(f"{nowhere}; name the Collector's metrics with --collector")
    return Broken(
        expected="Prometheus scrapes the Collector's own counters",
        found=nowhere,
        cause="prometheus/targets.yml does not name otel-collector:8888, or it does not answer",
        remedy="git checkout prometheus/targets.yml   (Prometheus reads it anew by itself)",
    )


def handed_on(patient: Patient) -> str:
    if patient.viewer:
        return _stored_by_viewer(patient)
    now = patient.until(
        patient.intake, lambda found: not _unsent(patient, found) and _pushed(patient, found)
    )
    if not now:
        raise _no_counters(patient)
    for signal in ITEMS:
        failed = grown(patient.before.failed, now.failed, signal)
        if failed:
            raise Broken(
                expected=f"{STORES[signal]} takes what the Collector sends",
                found=f"{failed:.0f} {words(signal)} given up since the request",
                cause=f"{STORES[signal]} refuses them for good: a limit, or a receiver that is "
                "switched off; the Collector's log quotes its answer",
                remedy=patient.remedies.look("otel-collector"),
            )
    for signal in _unsent(patient, now):
        raise _stuck(patient, now, signal)
    sent = {s: grown(patient.before.sent, now.sent, s) for s in ITEMS}
    return "sent " + ", ".join(f"{n:.0f} {words(s)}" for s, n in sent.items())


STORES = {"traces": "the trace store", "logs": "Loki", "metrics": "Prometheus"}
_SETTINGS = {"traces": "TRACES_ENDPOINT", "logs": "LOKI_URL", "metrics": "PROMETHEUS_URL"}


def _unsent(patient: Patient, now: Intake) -> list[str]:
    """Signals of which something was taken in since the request, and nothing handed on."""
    return [
        signal
        for signal in ITEMS
        if grown(patient.before.accepted, now.accepted, signal) > 0
        and grown(patient.before.sent, now.sent, signal) <= 0
    ]


def _pushed(patient: Patient, now: Intake) -> bool:
    """The neighbour pushes its metrics each few seconds; if it never does, a later hop tells."""
    before = patient.before
    done = (before.sent, now.sent), (before.failed, now.failed)
    return patient.own or any(grown(was, is_now, "metrics") > 0 for was, is_now in done)


def _stuck(patient: Patient, now: Intake, signal: str) -> Broken:
    queue = next((one for one in now.queues if one.signal == signal), None)
    waits = f"{queue.size:.0f} wait in the queue of {queue.exporter}, " if queue else ""
    return Broken(
        expected=f"the Collector sends {words(signal)} on to {STORES[signal]}",
        found=f"{waits}none was sent since the request",
        cause=f"{STORES[signal]} answers here, but not where the Collector looks for it: "
        f"{_SETTINGS[signal]}, or the network between them",
        remedy=patient.remedies.look("otel-collector"),
    )


def _stored_by_viewer(patient: Patient) -> str:
    now = patient.intake()
    lost = grown(patient.before.failed, now.failed, "rows")
    if now.trouble or lost:
        raise Broken(
            expected="the viewer's store keeps what was taken in",
            found=now.trouble or f"{lost:.0f} rows lost since the request",
            cause="its disk is full or its folder cannot be written",
            remedy=patient.remedies.look("viewer"),
        )
    return "the viewer's store has no trouble and lost nothing"


ENDPOINT = Hop("OTLP endpoint", "Does the OTLP endpoint listen and take a span?", endpoint)
EXPORT = Hop("export", "Does the endpoint take what the service sends?", exported)
TAKEN = Hop("Collector takes in", "Does the Collector accept it and refuse nothing?", taken_in)
HANDED = Hop("Collector hands on", "Do the stores take it from the Collector?", handed_on)

"""What the stores hold of the marked request: its count, its lines, its trace."""

import time
from typing import Any
from urllib.parse import urlsplit

from sightline.proof.doctor.findings import Broken, Hop, Unchecked
from sightline.proof.doctor.patient import NEIGHBOUR, Patient
from sightline.proof.doctor.service import COUNT, PUSHED
from sightline.proof.doctor.stores import MOST_SECONDS_APART

_BEFORE = 300.0  # seconds; clocks may differ
_SCRAPE_SECONDS = 7.0  # a scrape each five seconds
_PUSHED_NAMES = (
    "http_server_request_duration_seconds_count",
    "http_server_duration_milliseconds_count",  # semantic conventions of old
)


def scraped(patient: Patient) -> str:
    if patient.options.pushes:
        raise Unchecked("the service pushes its metrics (--pushes)")
    # One that began a moment ago knows its targets after five seconds, and scrapes them by then.
    target = patient.until(
        lambda: _target(patient), lambda one: one and (one["up"] or one["error"])
    )
    if target and not target["up"]:  # its last scrape may have been before the service was there
        target = patient.until(
            lambda: _target(patient), lambda one: one and one["up"], _SCRAPE_SECONDS
        )
    if target is None:
        raise _no_target(patient)
    patient.matcher = f'job="{target["job"]}"'
    if target["up"]:
        return f"{target['url']} is scraped as job {target['job']}"
    raise Broken(
        expected=f"the scrape of {target['url']} succeeds",
        found=target["error"] or "it was not scraped yet",
        cause="the target's address is wrong as seen from there, or a network is between",
        remedy=patient.remedies.scrape_file(),
    )


def _target(patient: Patient) -> dict[str, Any] | None:
    """The one that is named as the service is, or has its port."""
    targets = _of_viewer(patient) if patient.viewer else _of_prometheus(patient)
    by_name = [one for one in targets if one["job"] == patient.name]
    port = urlsplit(patient.base).port
    by_port = [one for one in targets if urlsplit(one["url"]).port == port]
    found = by_name or by_port
    return max(found, key=lambda one: bool(one["up"])) if found else None


def _of_viewer(patient: Patient) -> list[dict[str, Any]]:
    status = patient.get(f"{patient.places.page}/api/status").json()
    return list(status["targets"])


def _of_prometheus(patient: Patient) -> list[dict[str, Any]]:
    return [
        {
            "job": one["labels"].get("job", ""),
            "url": one["scrapeUrl"],
            "up": one["health"] == "up",
            "error": one["lastError"],
        }
        for one in patient.stores.targets()
    ]


def _no_target(patient: Patient) -> Broken:
    name = patient.name or "your service"
    who = "the viewer" if patient.viewer else "Prometheus"
    return Broken(
        expected=f"{who} scrapes {patient.base}/metrics",
        found=f"it has no target for {name}",
        cause="the service is in no list of targets",
        remedy=patient.remedies.scrape_target(patient.name or "my-service", patient.base),
    )


def metric(patient: Patient) -> str:
    if patient.options.pushes:
        return _pushed_by(patient)
    wanted = patient.page.total(COUNT)
    query = f"sum({COUNT}{{{patient.matcher}}})"
    fresh = _scraped_since(patient, f"{COUNT}{{{patient.matcher}}}")
    found = patient.until(lambda: patient.stores.number(fresh), lambda value: value >= wanted)
    if found >= wanted:
        return f"{query} = {found:.0f}, of {wanted:.0f} on the page"
    raise Broken(
        expected=f"{query} reaches the {wanted:.0f} of /metrics",
        found=f"{found:.0f}",
        cause="scrapes succeed, but of another process than the one that answered: a second one "
        "behind the same address, or several workers of which one is scraped",
        remedy=f"curl {patient.base}/metrics | grep {COUNT}   (twice: do the figures jump?)",
    )


def _scraped_since(patient: Patient, selector: str) -> str:
    """The sum of what was scraped after the request, by the store's own clock.

    Without that a service which began anew would have the counts of its last life.
    """
    ahead = patient.stores.number("time()") - time.time()
    return f"sum({selector} and timestamp({selector}) >= {patient.sent_at + ahead:.3f})"


def _pushed_by(patient: Patient) -> str:
    name = patient.name or _named_by_its_line(patient)
    queries = [f'sum({metric}{{service_name="{name}"}})' for metric in _PUSHED_NAMES]
    found = patient.until(lambda: [q for q in queries if patient.stores.number(q) > 0])
    if found:
        return f"{found[0]} is there"
    raise _nothing_pushed(patient, name, queries[0])


def _named_by_its_line(patient: Patient) -> str:
    """A user's own service, whose name nothing has told yet."""
    query = f'{{service_name=~".+"}} | trace_id="{patient.mark.trace_id}"'
    found = patient.until(lambda: patient.stores.logs(query, patient.sent_at - _BEFORE))
    if not found:
        raise Unchecked("the service's name is not known; give it with --service")
    patient.name = str(found[0].get("service_name", ""))
    return patient.name


def pushed(patient: Patient) -> str:
    """payments pushes: its way leads through the Collector, not through a scrape."""
    if patient.own:
        raise Unchecked("your app was asked, not the sample system")
    before = patient.pushed_before
    found = patient.until(lambda: patient.stores.number(PUSHED), lambda now: now > before)
    if found > before or 0 < found < before:  # payments may have begun anew
        return f"{PUSHED}: {before:.0f} → {found:.0f}"
    raise _nothing_pushed(patient, NEIGHBOUR, PUSHED)


def _nothing_pushed(patient: Patient, name: str, query: str) -> Broken:
    return Broken(
        expected=f"{query} counts the marked request",
        found="it did not move",
        cause=f"{name} pushes no metrics: OTEL_METRICS_EXPORTER=none, or another endpoint",
        remedy=patient.remedies.with_setting("OTEL_METRICS_EXPORTER=otlp", name),
    )


def lines(patient: Patient) -> str:
    mark = patient.mark
    query = f'{{service_name=~".+"}} | trace_id="{mark.trace_id}"'
    wanted = {patient.name or ""} - {""}
    if not patient.own:
        wanted.add(NEIGHBOUR)
    start = patient.sent_at - _BEFORE

    def services() -> set[str]:
        patient.lines = patient.stores.logs(query, start)
        return {line.get("service_name", "") for line in patient.lines}

    found = patient.until(services, lambda found: found and wanted <= found)
    missing = wanted - found
    if not found or patient.name in missing:
        raise _no_line(patient, query, found)
    if missing:
        raise _no_line_of_neighbour(patient, start)
    patient.name = patient.name or min(found)
    return f"{query}: {len(patient.lines)} lines of {', '.join(sorted(found))}"


def _no_line(patient: Patient, query: str, others: set[str]) -> Broken:
    if others:
        return Broken(
            expected=f"lines of {patient.name} found by {query}",
            found=f"lines of {', '.join(sorted(others))} only",
            cause=f"{patient.name} sends to another endpoint than {patient.places.otlp_http}, "
            "which answers there too: OTEL_EXPORTER_OTLP_ENDPOINT",
            remedy=patient.remedies.recreate(patient.part),
        )
    elsewhere = patient.stores.logs(
        f'{{service_name=~".+"}} |= "{patient.mark.trace_id}"', patient.sent_at - _BEFORE
    )
    if elsewhere:
        return Broken(
            expected=f"a line found by {query}",
            found="a line that has the trace id in its text only",
            cause="lines come by another way than OTLP, and trace_id is no structured metadata",
            remedy="send logs by OTLP (OTEL_LOGS_EXPORTER=otlp), or let the shipper set trace_id "
            "as structured metadata",
        )
    return Broken(
        expected=f"a line found by {query}",
        found="none",
        cause="the Collector's logs pipeline does not end in this Loki, or Loki discards the line "
        "(loki_discarded_samples_total says why)",
        remedy=patient.remedies.look(patient.or_viewer("otel-collector")),
    )


def _no_line_of_neighbour(patient: Patient, start: float) -> Broken:
    query = (
        f'{{service_name="{NEIGHBOUR}"}} |= "http.request" | request_id="{patient.mark.request_id}"'
    )
    expected = f"lines of {NEIGHBOUR} under the trace id {patient.mark.trace_id}"
    if others := patient.stores.logs(query, start):
        return Broken(
            expected=expected,
            found=f"its line of this request has trace_id {others[0].get('trace_id') or 'none'}",
            cause=f"the trace breaks between the services: {NEIGHBOUR} does not take up the "
            "header traceparent (OTEL_PROPAGATORS), or is not instrumented",
            remedy=patient.remedies.with_setting("OTEL_PROPAGATORS=tracecontext", NEIGHBOUR),
        )
    return Broken(
        expected=expected,
        found=f"lines of {patient.name}, none of {NEIGHBOUR}",
        cause=f"{NEIGHBOUR} exports no logs: OTEL_LOGS_EXPORTER=none, or another endpoint",
        remedy=patient.remedies.with_setting("OTEL_LOGS_EXPORTER=otlp", NEIGHBOUR),
    )


def trace(patient: Patient) -> str:
    wanted = {patient.name or ""} - {""}
    if not patient.own:
        wanted.add(NEIGHBOUR)

    def services() -> set[str]:
        patient.spans = patient.trace(patient.mark.trace_id)
        return {str(span["resource"].get("service.name")) for span in patient.spans} - {"doctor"}

    found = patient.until(services, lambda found: found and wanted <= found)
    if missing := wanted - found or (set() if found else {"the service"}):
        raise _no_spans(patient, min(missing) if len(missing) == 1 else "", found)
    patient.name = patient.name or min(found)
    _in_order(patient)
    return (
        f"trace {patient.mark.trace_id}: {len(patient.spans)} spans of {', '.join(sorted(found))}"
    )


def _no_spans(patient: Patient, service: str, found: set[str]) -> Broken:
    expected = f"trace {patient.mark.trace_id} with spans of every service it crossed"
    if found and service:
        return Broken(
            expected=expected,
            found=f"spans of {', '.join(sorted(found))}, none of {service}",
            cause=f"{service} exports no traces: OTEL_TRACES_EXPORTER=none, or another endpoint",
            remedy=patient.remedies.with_setting("OTEL_TRACES_EXPORTER=otlp", service),
        )
    return Broken(
        expected=expected,
        found="doctor's own span alone" if patient.spans else "no such trace",
        cause="the Collector's traces pipeline does not end in this store, samples the trace away "
        "(TAIL_SAMPLING), or the store discards it (tempo_discarded_spans_total says why)",
        remedy=patient.remedies.look(patient.or_viewer("otel-collector")),
    )


def _in_order(patient: Patient) -> None:
    """A neighbour's span that begins before the request did tells of a clock that is off."""
    for span in patient.spans:
        begins = int(span["startTimeUnixNano"]) / 1e9
        off = begins - patient.ended_at if begins > patient.ended_at else begins - patient.sent_at
        if abs(off) > MOST_SECONDS_APART and (off < 0 or begins > patient.ended_at):
            service = span["resource"].get("service.name")
            raise Broken(
                expected="every span lies within the request's own time",
                found=f"a span of {service} is {abs(off):.0f} s off",
                cause=f"the clock of the machine that {service} runs on is not kept in time",
                remedy="timedatectl set-ntp true   (on that machine)",
            )


SCRAPE = Hop("scrape", "Is the service's /metrics scraped?", scraped)
METRIC = Hop("metric stored", "Does Prometheus count the marked request?", metric)
PUSHED_METRIC = Hop("pushed metric stored", "Do pushed metrics arrive too?", pushed)
LINES = Hop("line stored", "Does Loki find the lines of every service by trace id?", lines)
TRACE = Hop("trace stored", "Is it one trace across every service?", trace)

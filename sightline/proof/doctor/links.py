"""The links between signals, built as Grafana and the viewer build them, then followed."""

import re
import time
from typing import Any

from sightline.proof.doctor.findings import Broken, Hop
from sightline.proof.doctor.patient import Patient

# grafana/provisioning/datasources/*.yml, as far as links go; a test keeps them equal.
SHIPPED: dict[str, dict[str, Any]] = {
    "loki": {
        "derivedFields": [
            {"name": "Trace", "matcherType": "label", "matcherRegex": "^trace_id$"},
            {
                "name": "Trace in the line",
                "matcherType": "regex",
                "matcherRegex": r"""(?:[tT]race_?[iI][dD]["']?\s*[:=]\s*["']?"""
                r"""|traceparent["']?\s*[:=]\s*["']?[0-9a-f]{2}-)([0-9a-fA-F]{32})""",
            },
        ]
    },
    "traces": {
        "tracesToLogsV2": {
            "tags": [{"key": "service.name", "value": "service_name"}],
            "query": '{${__tags}} | trace_id = "${__trace.traceId}"',
        }
    },
    "prometheus": {"exemplarTraceIdDestinations": [{"name": "trace_id"}]},
}
_AROUND = 300.0  # seconds to either side of the request
_MOST_EXEMPLARS = 5
_BUCKETS = {
    False: "http_request_duration_seconds_bucket",
    True: "http_server_request_duration_seconds_bucket",
}


def log_to_trace(patient: Patient) -> str:
    line = next((one for one in patient.lines if one.get("service_name") == patient.name), None)
    fields = _config(patient, "loki").get("derivedFields") or []
    ids = {found for field in fields if line and (found := _derived(field, line))}
    if not ids:
        raise Broken(
            expected="a link from the line to its trace",
            found=f"none of {len(fields)} derived fields finds a trace id in it",
            cause="Grafana's Loki data source has lost its derived fields, or a line has no "
            "trace_id as structured metadata",
            remedy=_provision(patient, "loki"),
        )
    trace_id = min(ids)
    if patient.trace(trace_id):
        return f"the line's trace_id {trace_id} opens its trace"
    raise Broken(
        expected=f"trace {trace_id}, which the line leads to",
        found="the trace store does not know it",
        cause="the link finds another id in the line than the trace's",
        remedy=_provision(patient, "loki"),
    )


def _derived(field: dict[str, Any], line: dict[str, Any]) -> str:
    pattern = str(field.get("matcherRegex", ""))
    if field.get("matcherType") == "label":
        return next((str(line[key]) for key in line if re.search(pattern, key)), "")
    found = re.search(pattern, str(line.get("line", "")))
    return found[1] if found and found.re.groups else ""


def trace_to_logs(patient: Patient) -> str:
    link = _config(patient, "traces").get("tracesToLogsV2") or {}
    tags = ", ".join(
        f'{tag.get("value") or tag["key"]}="{value}"'
        for tag in link.get("tags", ())
        if (value := _resource(patient).get(tag["key"]))
    )
    query = str(link.get("query", "")).replace("${__tags}", tags)
    query = query.replace("${__trace.traceId}", patient.mark.trace_id)
    start = patient.sent_at - _AROUND
    if query and tags and patient.stores.logs(query, start):
        return f"{query} finds lines"
    raise Broken(
        expected="lines found by the link from a span",
        found=f"none by {query}" if query else "the data source has no link to logs",
        cause="Loki does not index service_name, or Grafana's trace data source has lost its "
        "tracesToLogsV2",
        remedy=_provision(patient, "tempo"),
    )


def _resource(patient: Patient) -> dict[str, Any]:
    mine = (
        s["resource"] for s in patient.spans if s["resource"].get("service.name") == patient.name
    )
    return next(mine, {})


def exemplar_to_trace(patient: Patient) -> str:
    metric = _BUCKETS[patient.options.pushes]
    matcher = patient.matcher or f'service_name="{patient.name}"'
    query = f"{metric}{{{matcher}}}"
    start = patient.sent_at - _AROUND
    found = patient.until(lambda: patient.stores.exemplars(query, start, time.time() + 5))
    if not found:
        raise Broken(
            expected=f"exemplars of {query}",
            found="none, though /metrics has them",
            cause="Prometheus keeps none: --enable-feature=exemplar-storage is missing",
            remedy=patient.remedies.recreate(patient.or_viewer("prometheus")),
        )
    names = [
        one["name"] for one in _config(patient, "prometheus").get("exemplarTraceIdDestinations", ())
    ]
    newest = sorted(found, key=lambda one: -float(one["timestamp"]))[:_MOST_EXEMPLARS]
    ids = [one["labels"][name] for one in newest for name in names if name in one["labels"]]
    if not ids:
        raise Broken(
            expected=f"exemplars with a label {' or '.join(names) or 'that links'}",
            found=f"labels {', '.join(sorted(newest[0]['labels'])) or 'none'}",
            cause="Grafana's Prometheus data source looks for another name "
            "(exemplarTraceIdDestinations)",
            remedy=_provision(patient, "prometheus"),
        )
    if patient.until(lambda: any(patient.trace(one) for one in ids)):
        return f"the newest of {len(found)} exemplars opens its trace"
    raise Broken(
        expected="the trace that an exemplar names",
        found=f"no trace of {', '.join(ids)}",
        cause="those traces were sampled away after the exemplar was written (TAIL_SAMPLING)",
        remedy=patient.remedies.look(patient.or_viewer("otel-collector")),
    )


def _config(patient: Patient, source: str) -> dict[str, Any]:
    """As Grafana tells it to those it lets ask; as provisioned for everybody else."""
    return patient.sources.get(source) or SHIPPED[source]


def _provision(patient: Patient, name: str) -> str:
    if patient.viewer:
        return patient.remedies.look("viewer")
    if patient.remedies.foreign:
        return "give the data source the links of grafana/provisioning/datasources"
    return (
        f"git checkout grafana/provisioning/datasources/{name}.yml && "
        "docker compose restart grafana"
    )


HOPS = (
    Hop("log → trace", "Does the line's link open its trace?", log_to_trace),
    Hop("trace → logs", "Does a span's link find its lines?", trace_to_logs),
    Hop("exemplar → trace", "Does an exemplar's link open a trace?", exemplar_to_trace),
)

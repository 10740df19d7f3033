"""Every query of every dashboard is asked; what is empty must have a good reason."""

import re
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sightline.proof.doctor.findings import Broken, Hop, Unchecked
from sightline.proof.doctor.patient import SAMPLE_SERVICE, Patient
from sightline.proof.doctor.queries import Query, queries_of

RANGE_SECONDS = 1800  # what the dashboards open with
_STEP_SECONDS = 30
_AT_ONCE = 4
_MINUTE = 60.0
# Such a metric or search comes to be with the first thing that goes wrong.
_OF_FAILURES = re.compile(r"_(discarded|failed|failures|dropped|refused|rejected)_")
_SEARCH_OF_FEW = re.compile(r"status = error|duration >")
# Metrics of the stack's own parts, by the job that is scraped for them.
_OF_PARTS = {
    "otelcol_": "otel-collector",
    "prometheus_": "prometheus",
    "loki_": "loki",
    "tempo_": "tempo",
}
_OF_SPANS = "traces_"


@dataclass(frozen=True)
class Wrong:
    """An empty query without a good reason."""

    query: Query
    cause: str
    part: str


def panels(patient: Patient) -> str:
    if not patient.boards:
        raise Unchecked("there are no dashboards to read")
    name = patient.name or SAMPLE_SERVICE
    asked = [query for board in patient.boards for query in queries_of(board, name)]
    wrong, rest = patient.until(lambda: _judged(patient, asked), lambda found: not found[0])
    if wrong:
        first = wrong[0]
        others = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise Broken(
            expected="every panel shows something, or is empty for a good reason",
            found=f"{first.query} is empty{others}",
            cause=first.cause,
            remedy=patient.remedies.look(first.part)
            if first.part != "prometheus"
            else patient.remedies.recreate("prometheus"),
        )
    shown = len(asked) - sum(rest.values())
    reasons = ", ".join(f"{count} {reason}" for reason, count in rest.most_common())
    return f"{shown} of {len(asked)} queries show data" + (f"; {reasons}" if reasons else "")


def _judged(patient: Patient, asked: Iterable[Query]) -> tuple[list[Wrong], Counter[str]]:
    asked = list(asked)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        shows = pool.map(lambda query: _shows(patient, query), asked)
        empty = [query for query, shown in zip(asked, shows, strict=True) if not shown]
    known = _known(patient, empty)
    wrong, rest = [], Counter[str]()
    for query in empty:
        reason = _reason(patient, query, known)
        if isinstance(reason, Wrong):
            wrong.append(reason)
        else:
            rest[reason] += 1
    return wrong, rest


def _shows(patient: Patient, query: Query) -> bool:
    stores, now = patient.stores, time.time()
    start = now - RANGE_SECONDS
    if query.language == "loki":
        return bool(stores.logql(query.text, start, limit=1))
    if query.language == "tempo":
        return bool(patient.jaeger) or bool(stores.search(query.text, start, now, limit=1))
    return bool(stores.promql(query.text)) or bool(
        stores.promql_range(query.text, start, now, _STEP_SECONDS)
    )


def _known(patient: Patient, empty: Iterable[Query]) -> set[str]:
    """Which of the metrics that these queries name there are at all."""
    names = {name for query in empty for name in query.metrics if query.language == "prometheus"}
    if not names:
        return set()
    selector = "|".join(sorted(names))
    found = patient.stores.promql(f'count by (__name__) ({{__name__=~"{selector}"}})')
    return {sample["metric"]["__name__"] for sample in found}


def _reason(patient: Patient, query: Query, known: set[str]) -> str | Wrong:
    if query.language == "tempo":
        if _SEARCH_OF_FEW.search(query.text):
            return "found nothing slow or failed"
        cause = "the trace is found by its id but not by search: has its service the attribute "
        cause += "deployment.environment.name (OTEL_RESOURCE_ATTRIBUTES)?"
        return Wrong(query, cause, patient.or_viewer("tempo"))
    if query.language == "loki":
        cause = "lines have no service_name and environment to select"
        return Wrong(query, cause, patient.or_viewer("loki"))
    absent = sorted(query.metrics - known)
    for name in absent:
        return _absent(patient, query, name)
    return _unselected(patient, query) or "wait for more traffic"


def _absent(patient: Patient, query: Query, name: str) -> str | Wrong:
    if _OF_FAILURES.search(name):
        return "count failures, and nothing failed"
    for prefix, job in _OF_PARTS.items():
        if name.startswith(prefix):
            return _of_part(patient, query, name, job)
    if name.startswith(_OF_SPANS):
        return _of_spans(patient, query)
    if ":" in name:
        return _recorded(patient, query, name)
    if patient.page.has(name):
        cause = f"{name} is on /metrics, and not in the store"
        return Wrong(query, cause, patient.or_viewer("prometheus"))
    return "are of metrics that this service has not"


def _of_part(patient: Patient, query: Query, name: str, job: str) -> str | Wrong:
    if patient.viewer:
        return "are of parts that the viewer replaces"
    up = patient.stores.promql(f'max(up{{job="{job}"}})')
    if not up:
        if patient.remedies.foreign:
            return f"are of {job}, which is not scraped"
        return Wrong(query, f"{job} is in no list of targets", "prometheus")
    if float(up[0]["value"][1]) == 0:
        return Wrong(query, f"{job} does not answer its scrape", job)
    return Wrong(query, f"{job} exposes no {name}: another version than the one tested", job)


def _of_spans(patient: Patient, query: Query) -> str | Wrong:
    if patient.viewer or patient.jaeger:
        return "want Tempo's metrics generator"
    now = time.time()
    older = patient.stores.search("{}", now - RANGE_SECONDS, now - 2 * _MINUTE, limit=1)
    if not older:
        return "wait for Tempo's metrics generator, which pushes each 15 s"
    return Wrong(
        query,
        "Tempo makes no metrics of its spans: its generator cannot write to Prometheus "
        "(--web.enable-remote-write-receiver, PROMETHEUS_URL)",
        "tempo",
    )


def _recorded(patient: Patient, query: Query, name: str) -> str | Wrong:
    rule = next((one for one in patient.stores.rules() if one["name"] == name), None)
    if rule is None:
        if patient.remedies.foreign or patient.viewer:
            return "want recording rules that are not there"
        return Wrong(
            query, f"Prometheus has no rule {name}: prometheus/rules is not read", "prometheus"
        )
    if rule["health"] == "err":
        return Wrong(query, f"the rule {name} fails: {rule.get('lastError', '')}", "prometheus")
    return "wait for their recording rules"


def _unselected(patient: Patient, query: Query) -> Wrong | None:
    """The metric is there, but not under the labels that the panel selects by."""
    for name in sorted(query.metrics):
        if "service_name=" not in query.text or not patient.page.has(name):
            continue
        selector = f'{name}{{service_name="{patient.name}"}}'
        if not patient.stores.promql(f"count({selector})"):
            cause = f'the store has {name}, but none with service_name="{patient.name}"'
            return Wrong(query, cause, patient.or_viewer("prometheus"))
    return None


PANELS = Hop("panels", "Does every panel show something, or rest for a good reason?", panels)

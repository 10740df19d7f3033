"""What shows it: Grafana with its data sources and dashboards, or the viewer's own page."""

import json
import time
from typing import Any

from sightline.proof.doctor.findings import Broken, Hop, Unchecked
from sightline.proof.doctor.patient import PROBE_SECONDS, Patient
from sightline.proof.doctor.service import COUNT
from sightline.proof.http import Answer, Unreachable, request

OK, NOT_FOUND, DENIED = 200, 404, {401, 403}
# grafana/dashboards; a test keeps them equal.
BOARDS = ("service", "business", "slo", "traces", "telemetry-health")
_BUILD_INFO = ("/api/v1/status/buildinfo", "/loki/api/v1/status/buildinfo", "/api/status/buildinfo")
_FIVE_MINUTES_MS = 300_000


def page(patient: Patient) -> str:
    if patient.viewer:
        return _page_of_viewer(patient)
    url = f"{patient.places.page}/api/health"
    try:
        answer = _get(patient, "/api/health")
        known = answer.json()
    except (Unreachable, ValueError) as error:
        raise _no_grafana(patient, url, str(error)) from error
    if answer.status == OK and known.get("database") == "ok":
        return f"{url}: version {known.get('version', '?')}, database ok"
    raise Broken(
        expected=f"{url} says database ok",
        found=answer.summary,
        cause="Grafana's own database (its volume) cannot be used",
        remedy=patient.remedies.look("grafana"),
    )


def _no_grafana(patient: Patient, url: str, found: str) -> Exception:
    if patient.remedies.foreign and "grafana" not in patient.options.named:
        return Unchecked(f"nobody at {url}; name it with --grafana")
    return Broken(
        expected=f"{url} answers",
        found=found,
        cause="Grafana is not running, or something else is at its port",
        remedy=patient.remedies.start("grafana"),
    )


def _page_of_viewer(patient: Patient) -> str:
    url = f"{patient.places.page}/"
    answer = patient.get(url)
    if answer.status == OK and "<title>" in answer.text:
        return f"{url} serves the page"
    raise Broken(
        expected=f"{url} serves the page",
        found=f"it answers {answer.summary}",
        cause="the viewer's files are not complete",
        remedy="make .venv/installed   (or install sightline[viewer] again)",
    )


def data_sources(patient: Patient) -> str:
    if patient.viewer:
        return _apis_of_viewer(patient)
    _require_grafana(patient)
    kinds = {"prometheus": "prometheus", "loki": "loki", "traces": _trace_kind(patient)}
    for source, kind in kinds.items():
        uid = _uid(patient, kind)
        _healthy(patient, uid)
        if kind != "jaeger":  # whose plugin asks in ways of its own
            _finds_it(patient, uid, kind)
        _note_links(patient, source, uid)
    return f"{', '.join(kinds.values())} are healthy and find the marked request"


def _require_grafana(patient: Patient) -> None:
    """A Grafana that was not checked cannot have data sources."""
    try:
        _get(patient, "/api/health")
    except Unreachable as error:
        raise Unchecked(f"no Grafana at {patient.places.page}") from error


def _trace_kind(patient: Patient) -> str:
    return "jaeger" if patient.jaeger else "tempo"


def _apis_of_viewer(patient: Patient) -> str:
    versions = []
    for path in _BUILD_INFO:
        answer = patient.get(patient.places.page + path)
        if answer.status != OK:
            raise Broken(
                expected=f"{answer.url} answers, so that Grafana could ask here too",
                found=f"it answers {answer.summary}",
                cause="the viewer is of another version than this command",
                remedy=patient.remedies.start("viewer"),
            )
        known = answer.json()
        versions.append(str(known.get("data", known).get("version", "?")).split("+")[0])
    names = zip(("Prometheus", "Loki", "Tempo"), versions, strict=True)
    return "the viewer answers as " + ", ".join(" ".join(pair) for pair in names)


def _uid(patient: Patient, kind: str) -> str:
    """Ours is called as its kind is; a stranger's is found in the list, for those who may ask."""
    if not patient.remedies.foreign:
        return kind
    answer = _get(patient, "/api/datasources")
    listed = answer.json() if answer.status == OK else []
    return next((str(one["uid"]) for one in listed if one["type"] == kind), kind)


def _healthy(patient: Patient, uid: str) -> None:
    answer = _get(patient, f"/api/datasources/uid/{uid}/health")
    if answer.status in DENIED:
        raise Unchecked(
            f"Grafana does not let doctor ask for {uid} ({answer.status}): set GRAFANA_TOKEN"
        )
    if answer.status == NOT_FOUND:
        raise Broken(
            expected=f"Grafana has a data source with the uid {uid}",
            found=answer.summary,
            cause="grafana/provisioning/datasources was not read, or the uid was changed",
            remedy=patient.remedies.restart("grafana"),
        )
    if answer.status != OK or answer.json().get("status") != "OK":
        raise Broken(
            expected=f"Grafana's data source {uid} is healthy",
            found=answer.summary,
            cause=f"Grafana does not reach {uid} at the address of its data source, "
            "though it answers from here",
            remedy=patient.remedies.look("grafana"),
        )


def _finds_it(patient: Patient, uid: str, kind: str) -> None:
    query = {"refId": "A", "datasource": {"uid": uid, "type": kind}, **_query(patient, kind)}
    now = int(time.time() * 1000)
    asked = {"queries": [query], "from": str(now - _FIVE_MINUTES_MS), "to": str(now)}
    answer = _ask(patient, "/api/ds/query", json.dumps(asked).encode())
    if answer.status in DENIED:
        raise Unchecked(f"Grafana does not let doctor query {uid}: set GRAFANA_TOKEN")
    try:
        result = answer.json()["results"]["A"]
    except (ValueError, KeyError, TypeError):
        result = {"error": answer.summary}
    if not result.get("error") and _rows(result):
        return
    raise Broken(
        expected=f"Grafana's data source {uid} finds the marked request",
        found=str(result.get("error") or "an empty answer"),
        cause=f"the data source asks another {kind} than the one that was asked here",
        remedy=patient.remedies.recreate("grafana"),
    )


def _query(patient: Patient, kind: str) -> dict[str, Any]:
    if kind == "prometheus":
        matcher = patient.matcher or f'service_name="{patient.name}"'
        metric = "http_server_request_duration_seconds_count" if patient.options.pushes else COUNT
        return {"expr": f"{metric}{{{matcher}}}", "instant": True, "range": False}
    if kind == "loki":
        expr = f'{{service_name=~".+"}} | trace_id="{patient.mark.trace_id}"'
        return {"expr": expr, "queryType": "range", "maxLines": 10}
    return {"query": patient.mark.trace_id, "queryType": "traceId"}


def _rows(result: dict[str, Any]) -> int:
    frames = result.get("frames") or []
    return sum(len(column) for frame in frames for column in frame["data"]["values"])


def _note_links(patient: Patient, source: str, uid: str) -> None:
    """The links as this Grafana has them, if it tells; a mere viewer may not ask."""
    answer = _get(patient, f"/api/datasources/uid/{uid}")
    if answer.status == OK:
        patient.sources[source] = answer.json().get("jsonData") or {"": None}


def dashboards(patient: Patient) -> str:
    if not patient.viewer:
        _require_grafana(patient)
    for uid in BOARDS:
        answer = _get(patient, _board_path(patient, uid))
        if answer.status in DENIED:
            raise Unchecked("Grafana does not let doctor read dashboards: set GRAFANA_TOKEN")
        if answer.status == OK:
            known = answer.json()
            patient.boards.append(known if patient.viewer else known["dashboard"])
        elif not patient.remedies.foreign:
            raise Broken(
                expected=f"the dashboard {uid}",
                found=f"{answer.url} answers {answer.summary}",
                cause="grafana/dashboards was not read at the start",
                remedy=patient.remedies.restart(patient.or_viewer("grafana")),
            )
    if not patient.boards:
        raise Unchecked("this Grafana has none of Sightline's dashboards")
    return ", ".join(board["title"] for board in patient.boards)


def _board_path(patient: Patient, uid: str) -> str:
    return f"/api/dashboards/{uid}" if patient.viewer else f"/api/dashboards/uid/{uid}"


def _get(patient: Patient, path: str) -> Answer:
    return _ask(patient, path)


def _ask(patient: Patient, path: str, body: bytes | None = None) -> Answer:
    url = patient.places.page + path
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    headers |= patient.places.headers(url)
    if not patient.viewer and patient.options.token:
        headers["Authorization"] = f"Bearer {patient.options.token}"
    return request(
        url,
        timeout=PROBE_SECONDS,
        method="GET" if body is None else "POST",
        headers=headers,
        body=body,
    )


PAGE = Hop("Grafana", "Does Grafana (or the viewer's page) answer?", page)
DATA_SOURCES = Hop("data sources", "Is each healthy, and does it find the request?", data_sources)
DASHBOARDS = Hop("dashboards", "Are the dashboards there?", dashboards)

"""A dashboard as people have it, exported or from Grafana's API, old or new, made one form."""

import hashlib
import os
import re
from typing import Any

from sightline.viewer.boards.fields import Fields, fields, is_number, items, only, text
from sightline.viewer.boards.layout import panels_of
from sightline.viewer.boards.panels import links_of, panel_of
from sightline.viewer.boards.sources import Sources

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_NAME = re.compile(r"\w{1,100}")


class BadBoard(Exception):  # noqa: N818 — reads as what it is
    """No dashboard to show, in words that follow the file's name, with the remedy."""


def document_of(found: Any, file: str) -> Fields:
    """`file` names one that has no uid or title of its own."""
    given = _unwrapped(found)
    if "elements" in given and "layout" in given:
        raise BadBoard("is of Grafana's newer schema (v2): export it again, as the model Classic")
    if not isinstance(given.get("panels"), list) and not isinstance(given.get("rows"), list):
        raise BadBoard(
            "is no dashboard, since it has no panels: put there what Grafana's Export saves"
        )
    sources = Sources(given)
    library = fields(given.get("__elements"))
    stem = os.path.splitext(os.path.basename(file))[0]  # noqa: PTH119, PTH122 — a name, no path
    return {
        "uid": _uid(given.get("uid"), file, stem),
        "title": text(given.get("title")).strip() or stem,
        "description": text(given.get("description")),
        "time": only(fields(given.get("time")), str, ("from", "to")),
        "refresh": text(given.get("refresh")),
        "links": [each for each in links_of(given) if each.get("title")],
        "templating": {"list": _variables(given, sources)},
        "panels": [panel_of(panel, sources, library) for panel in panels_of(given)],
    }


def _unwrapped(found: Any) -> Fields:
    """Grafana's HTTP API answers with a dashboard inside, its newer one with a resource."""
    given = fields(found)
    if isinstance(given.get("dashboard"), dict):
        return fields(given["dashboard"])
    if text(given.get("apiVersion")) and isinstance(given.get("spec"), dict):
        return {"uid": fields(given.get("metadata")).get("name"), **given["spec"]}
    return given


def _uid(given: Any, file: str, stem: str) -> str:
    """Stable: without one, or with one that no address can hold, the file's name tells."""
    if isinstance(given, str) and _UID.fullmatch(given):
        return given
    name = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:28]
    return f"{name}-{hashlib.sha256(os.fsencode(file)).hexdigest()[:8]}".strip("-")


def _variables(given: Fields, sources: Sources) -> list[Fields]:
    constants = {
        text(each.get("name")): text(each.get("value"))
        for each in items(given.get("__inputs"))
        if each.get("type") == "constant"
    }
    listed = items(fields(given.get("templating")).get("list"))
    return [
        _variable(each, sources, constants)
        for each in listed
        if _NAME.fullmatch(text(each.get("name")))
    ]


def _variable(given: Fields, sources: Sources, constants: dict[str, str]) -> Fields:
    query = given.get("query")
    if isinstance(query, dict):
        # Loki's variables say what they want in fields.
        query = only(query, str, ("query", "label", "stream"))
    elif isinstance(query, str):
        query = _filled(query, constants)
    else:
        query = ""
    chosen = fields(given.get("current")).get("value")
    values = chosen if isinstance(chosen, list) else [chosen]
    current = [_filled(str(each), constants) for each in values if _is_value(each)]
    return {
        "query": query,
        "current": {"value": current},
        "type": text(given.get("type")) or "query",
        "hide": given.get("hide") if isinstance(given.get("hide"), int | str) else 0,
        "datasource": {"type": sources.kind(given.get("datasource"), "prometheus")},
        **only(given, str, ("name", "label", "definition", "regex", "allValue", "auto_min")),
        **only(given, bool, ("multi", "includeAll", "auto")),
        **only(given, int, ("auto_count",)),
    }


def _is_value(given: Any) -> bool:
    return isinstance(given, str) or is_number(given)


def _filled(given: str, constants: dict[str, str]) -> str:
    """`${VAR_NAME}`, which an export puts for a constant."""
    return re.sub(r"\$\{(VAR_\w+)\}", lambda found: constants.get(found[1], found[0]), given)

"""A panel in the form that the page draws: what the page reads of it, each of the right kind."""

import string
from typing import Any

from sightline.viewer.boards.fields import Fields, fields, is_number, items, only, text
from sightline.viewer.boards.older import mapping, modern
from sightline.viewer.boards.sources import Sources

_TEXTS = ("expr", "query", "legendFormat", "interval", "queryType", "format")
_SWITCHES = ("instant", "range", "hide", "exemplar")
_NUMBERS = ("limit", "maxLines")


def panel_of(given: Fields, sources: Sources, library: Fields) -> Fields:
    """`library` holds the panels that an export names instead of holding them in their place."""
    if named := fields(given.get("libraryPanel")):
        model = fields(fields(library.get(text(named.get("uid")))).get("model"))
        given = model | given
    panel = modern(given)
    kind = text(panel.get("type")) or ("library" if named else "unnamed")
    return {
        "id": given["id"],
        "gridPos": given["gridPos"],
        "type": kind,
        **only(panel, str, ("title", "description", "interval", "repeat")),
        **only(panel, bool, ("collapsed", "outside")),
        **only(panel, int, ("maxDataPoints",)),
        "links": links_of(panel),
        "targets": _targets(panel, kind, sources),
        "fieldConfig": _field_config(fields(panel.get("fieldConfig"))),
        "options": fields(panel.get("options")),
        "transformations": [
            {"id": text(each.get("id")), "options": fields(each.get("options"))}
            for each in items(panel.get("transformations"))
            if not each.get("disabled")
        ],
    }


def links_of(given: Fields) -> list[Fields]:
    return [
        only(each, str, ("title", "url", "tooltip"))
        for each in items(given.get("links"))
        if text(each.get("url"))
    ]


def _targets(panel: Fields, kind: str, sources: Sources) -> list[Fields]:
    of_panel = sources.kind(panel.get("datasource"))
    found = []
    for index, each in enumerate(items(panel.get("targets"))):
        asked = sources.kind(each.get("datasource"), of_panel) or _default(kind, each)
        ref = text(each.get("refId")) or string.ascii_uppercase[index % 26]
        read = only(each, str, _TEXTS) | only(each, bool, _SWITCHES)
        read |= {name: each[name] for name in _NUMBERS if is_number(each.get(name))}
        found.append(read | {"refId": ref, "datasource": {"type": asked}})
    return found


def _default(kind: str, target: Fields) -> str:
    if text(target.get("queryType")).startswith("traceql"):
        return "tempo"
    return "loki" if kind == "logs" else "prometheus"


def _field_config(given: Fields) -> Fields:
    defaults = {**fields(given.get("defaults"))}
    _right(defaults)
    overrides = []
    for each in items(given.get("overrides")):
        matcher = fields(each.get("matcher"))
        properties = [
            {"id": one["id"], "value": _value(one["id"], one.get("value"))}
            for one in items(each.get("properties"))
            if text(one.get("id"))
        ]
        if text(matcher.get("id")):
            overrides.append({"matcher": matcher, "properties": properties})
    return {"defaults": defaults, "overrides": overrides}


def _right(config: Fields) -> None:
    for name in ("thresholds", "mappings", "custom", "color"):
        if name in config:
            config[name] = _value(name, config[name])


def _value(name: str, value: Any) -> Any:
    if name == "mappings":
        return [found for found in map(mapping, items(value)) if found]
    if name == "thresholds":
        steps = [each for each in items(fields(value).get("steps")) if text(each.get("color"))]
        return fields(value) | {"steps": steps}
    return fields(value) if name in {"custom", "color"} else value

"""Panels of older Grafanas in the form of today's, as far as the page draws them."""

import html
import math
import re
from collections.abc import Callable

from sightline.viewer.boards.fields import Fields, fields, is_number, items, text, whole

_MOST_TEXT = 20_000
_BREAK = re.compile(r"</(?:p|div|li|h\d|tr|ul|ol)>|<br\s*/?>", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style)\b[^<>]*>[^<]*</\1>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_CALCS = {
    "avg": "mean",
    "current": "lastNotNull",
    "total": "sum",
    "first": "firstNotNull",
    "delta": "diff",
}


def modern(panel: Fields) -> Fields:
    kind = text(panel.get("type"))
    convert = _CONVERSIONS.get(kind)
    return convert(panel) if convert else panel


def _graph(panel: Fields) -> Fields:
    axis = next(iter(items(panel.get("yaxes"))), {})
    legend = fields(panel.get("legend"))
    fill, width = panel.get("fill"), panel.get("linewidth")
    custom = {
        "drawStyle": "bars" if panel.get("bars") else "line",
        "lineWidth": width if is_number(width) else 1,
        "fillOpacity": whole(fill, 0, 10, 1) * 10,
        "stacking": {"mode": "normal" if panel.get("stack") else "none"},
    }
    if panel.get("points"):
        custom["showPoints"] = "always"
    if not panel.get("lines", True) and not panel.get("bars"):
        custom["drawStyle"] = "points"
    shown = [
        _CALCS.get(name, name)
        for name in ("min", "max", "avg", "current", "total")
        if legend.get("values") and legend.get(name)
    ]
    defaults = _numbers(axis, "min", "max") | _numbers(panel, "decimals")
    defaults |= {"unit": text(axis.get("format")), "custom": custom}
    return panel | {
        "type": "timeseries",
        "fieldConfig": {"defaults": defaults, "overrides": _colours(panel)},
        "options": {
            "legend": {
                "showLegend": legend.get("show", True) is not False,
                "displayMode": "table" if shown else "list",
                "calcs": shown,
            }
        },
    }


def _colours(panel: Fields) -> list[Fields]:
    return [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
        }
        for name, colour in fields(panel.get("aliasColors")).items()
    ]


def _numbers(given: Fields, *names: str) -> Fields:
    """Those that hold a number, which older panels write as a text too."""
    found = {}
    for name in names:
        try:
            value = float(given[name])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if math.isfinite(value):
            found[name] = value
    return found


def _singlestat(panel: Fields) -> Fields:
    unit, after = text(panel.get("format")), text(panel.get("postfix")).strip()
    if after and unit in {"", "none", "short"}:
        unit = f"suffix: {after}"
    calc = text(panel.get("valueName")) or "avg"
    gauge, spark = fields(panel.get("gauge")), fields(panel.get("sparkline"))
    defaults = _numbers(panel, "decimals") | {"unit": unit}
    if panel.get("colorValue") or panel.get("colorBackground") or gauge.get("show"):
        defaults["thresholds"] = _limits(panel)
    if gauge.get("show"):
        defaults |= {
            name: value
            for name, value in (("min", gauge.get("minValue")), ("max", gauge.get("maxValue")))
            if is_number(value)
        }
    defaults["mappings"] = [
        {"type": 1, "value": each.get("value"), "text": each.get("text")}
        for each in items(panel.get("valueMaps"))
    ]
    return panel | {
        "type": "gauge" if gauge.get("show") else "stat",
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {
            "reduceOptions": {"calcs": [_CALCS.get(calc, calc)]},
            "graphMode": "area" if spark.get("show") else "none",
        },
    }


def _limits(panel: Fields) -> Fields:
    """Of `"80,90"`, with a colour for each part of the scale."""
    colours = panel.get("colors")
    names = [text(each) for each in colours] if isinstance(colours, list) else []
    given = text(panel.get("thresholds")).split(",")
    limits = [None, *(_numbers({"at": each}, "at").get("at") for each in given)]
    steps = zip(limits, names, strict=False)
    return {"mode": "absolute", "steps": [{"value": at, "color": name} for at, name in steps]}


def _reduced(panel: Fields) -> Fields:
    """What `stat`, `gauge` and `bargauge` had in `fieldOptions` before `fieldConfig`."""
    options = fields(panel.get("options"))
    before = fields(options.get("fieldOptions"))
    if not before or fields(panel.get("fieldConfig")).get("defaults"):
        return panel
    calcs = before.get("calcs")
    return panel | {
        "fieldConfig": {"defaults": before.get("defaults"), "overrides": before.get("overrides")},
        "options": options | {"reduceOptions": {"calcs": calcs}},
    }


def _text(panel: Fields) -> Fields:
    options = {**fields(panel.get("options"))}
    content = text(options.get("content")) or text(panel.get("content"))
    mode = text(options.get("mode")) or text(panel.get("mode"))
    content = content[:_MOST_TEXT]
    return panel | {"options": {"content": words(content) if mode == "html" else content}}


def words(markup: str) -> str:
    """What a reader of it would read; the page has no markup but its own."""
    seen = _TAG.sub("", _BREAK.sub("\n\n", _UNSEEN.sub("", markup)))
    return html.unescape(re.sub(r"\n[ \t\n]{2,}", "\n\n", seen)).strip()


def mapping(given: Fields) -> Fields | None:
    """A value's words; before, their kinds were numbered."""
    if isinstance(given.get("type"), str):
        return given if isinstance(given.get("options"), dict) else None
    result = {"text": text(given.get("text"))}
    if given.get("type") == 1 and given.get("value") is not None:
        return {"type": "value", "options": {str(given["value"]): result}}
    limits = _numbers(given, "from", "to")
    if given.get("type") == 2 and limits:  # noqa: PLR2004 — Grafana's number for a range
        return {"type": "range", "options": limits | {"result": result}}
    return None


_CONVERSIONS: dict[str, Callable[[Fields], Fields]] = {
    "graph": _graph,
    "singlestat": _singlestat,
    "grafana-singlestat-panel": _singlestat,
    "stat": _reduced,
    "gauge": _reduced,
    "bargauge": _reduced,
    "text": _text,
}

"""The links between signals, built from the provisioned data sources as Grafana builds them."""

import re
from typing import Any

from boards import fill

Json = dict[str, Any]


def derived(source: Json, name: str, line: dict[str, str]) -> str:
    """The value that Grafana's Loki data source puts into the link of a derived field."""
    field = next(field for field in source["jsonData"]["derivedFields"] if field["name"] == name)
    assert field["url"] == "${__value.raw}"
    if field["matcherType"] == "label":
        return next(line[key] for key in line if re.search(field["matcherRegex"], key))
    match = re.search(field["matcherRegex"], line["line"])
    assert match, f"{field['matcherRegex']} finds nothing in {line['line']}"
    return match[1]


def tags(link: Json, span: Json) -> str:
    """Grafana's `${__tags}`: a matcher for each tag that the span's resource has."""
    pairs = [(tag.get("value") or tag["key"], tag["key"]) for tag in link["tags"]]
    known = [(label, span["resource"].get(key)) for label, key in pairs]
    return ", ".join(f'{label}="{value}"' for label, value in known if value)


def interpolated(query: str, link: Json, span: Json, trace_id: str) -> str:
    values = {
        "${__tags}": tags(link, span),
        "$__tags": f"{{{tags(link, span)}}}" if "{$__tags" not in query else tags(link, span),
        "${__trace.traceId}": trace_id,
        "${__span.name}": span["name"],
        "$__rate_interval": "10m",
    }
    return fill(query, values)


def correlated(link: Json, span: Json, trace_id: str) -> str:
    """The query that a correlation of a span opens."""
    field = link["config"]["field"]
    value = {"traceID": trace_id, "serviceName": span["resource"]["service.name"]}[field]
    return str(link["config"]["target"]["expr"]).replace(f"${{{field}}}", value)

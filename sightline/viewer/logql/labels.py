"""The labels of a log row as Loki shows them: stream labels and structured metadata in one."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sightline.viewer.logql import syntax as s

Labels = dict[str, str]
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")
_LOGFMT = re.compile(r'(?:^|\s)([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))')
_SHOWN_BY_COLUMN = {"service.name", "service.namespace", "deployment.environment.name"}
_ERRORS = {
    "__error__": "JSONParserErr",
    "__error_details__": "Value looks like object, but can't find closing '}' symbol",
}
_WHOLE_DIGITS = 1e21


@dataclass(frozen=True, slots=True)
class Resource:
    """Stream labels, and the rest of the resource's attributes."""

    stream: Labels
    metadata: Labels

    @classmethod
    def of(cls, service: str, namespace: str, environment: str, attrs: str) -> "Resource":
        stream = {
            "service_name": service,
            "service_namespace": namespace,
            "deployment_environment_name": environment,
        }
        known = orjson.loads(attrs or "{}")
        rest = {key: value for key, value in known.items() if key not in _SHOWN_BY_COLUMN}
        return cls({k: v for k, v in stream.items() if v}, dict(flattened(rest)))


@dataclass(frozen=True, slots=True)
class LogRow:
    """One log record, columns as COLUMNS asks for them."""

    ts: int
    seq: int
    observed_ts: int
    severity: int
    severity_text: str
    level: str
    body: str
    trace_id: str
    span_id: str
    scope: str
    attrs: str
    resource_id: int

    def metadata(self) -> Labels:
        observed = self.observed_ts if self.observed_ts not in (0, self.ts) else ""
        fields = {
            "observed_timestamp": observed,
            "severity_number": self.severity or "",
            "severity_text": self.severity_text,
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "scope_name": self.scope,
            "detected_level": self.level,
        }
        own = {name: str(value) for name, value in fields.items() if value}
        return dict(flattened(orjson.loads(self.attrs or "{}"))) | own


COLUMNS = (
    "l.ts, l.seq, l.observed_ts, l.severity, l.severity_text, l.level, l.body, l.trace_id, "
    "l.span_id, l.scope, l.attrs, l.resource_id"
)


@dataclass(frozen=True, slots=True)
class LineLabels:
    """A line's labels by where they come from."""

    stream: Labels
    metadata: Labels
    parsed: Labels

    @property
    def all(self) -> Labels:
        return self.parsed | self.metadata | self.stream


def labels_of(
    row: LogRow,
    resource: Resource,
    parsers: Iterable[str] = (),
    shaping: Iterable[s.Drop | s.Keep] = (),
) -> LineLabels:
    stream, metadata = resource.stream, resource.metadata | row.metadata()
    parsed: Labels = {}
    for parser in dict.fromkeys(parsers):
        for name, value in taken_from(row.body, parser):
            taken = name in stream or name in metadata
            parsed.setdefault(f"{name}_extracted" if taken else name, value)
    for stage in shaping:
        stream, metadata, parsed = (_shaped(part, stage) for part in (stream, metadata, parsed))
    return LineLabels(stream, metadata, parsed)


def _shaped(labels: Labels, stage: s.Drop | s.Keep) -> Labels:
    keeps = isinstance(stage, s.Keep)
    named = {*stage.names, *(_ERRORS if keeps else ())}
    return {name: value for name, value in labels.items() if (name in named) == keeps}


def label_name(name: str) -> str:
    named = _NOT_IN_NAMES.sub("_", name)
    return f"key_{named}" if named[:1].isdigit() else named


def flattened(
    attributes: Mapping[str, Any], prefix: str = "", *, lists: bool = True
) -> Iterator[tuple[str, str]]:
    """Names and texts as Loki's OTLP ingest makes them, maps unfolded with `_`."""
    for key, value in attributes.items():
        name = label_name(prefix + key)
        if isinstance(value, dict):
            yield from flattened(value, f"{name}_", lists=lists)
        elif value is not None and (lists or not isinstance(value, list)):
            yield name, text_of(value)


def text_of(value: Any) -> str:
    """A value as Go prints it."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE_DIGITS:
        return str(int(value))
    return orjson.dumps(value).decode()


def taken_from(line: str, parser: str) -> Iterator[tuple[str, str]]:
    if parser == "logfmt":
        for name, quoted, plain in _LOGFMT.findall(line):
            yield label_name(name), re.sub(r"\\(.)", r"\1", quoted) or plain
        return
    found = _json_object(line)
    if found is None:
        yield from _ERRORS.items()
    else:
        yield from ((k, v) for k, v in flattened(found, lists=False) if v)


def _json_object(line: str) -> dict[str, Any] | None:
    """Numbers as they are written: `1.50` is no `1.5` to Loki."""
    try:
        found = json.loads(line, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None

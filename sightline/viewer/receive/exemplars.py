"""Exemplars: the one measurement of many that knows its trace."""

from collections.abc import Iterator
from typing import Any

import orjson

from sightline.viewer.receive.attributes import Attributes
from sightline.viewer.receive.naming import label_value

MAX_CHARACTERS = 128  # of all label names and values, as OpenMetrics has it
_NS_PER_MS = 1_000_000
Row = tuple[int, float, str]  # milliseconds, value, labels as JSON


def exemplar_rows(
    exemplars: Any, attributes: Attributes, until_ms: int
) -> Iterator[tuple[float, Row]]:
    """None of them is of a later time than its point."""
    for exemplar in exemplars:
        is_int = exemplar.WhichOneof("value") == "as_int"
        value = float(exemplar.as_int if is_int else exemplar.as_double)
        labels = _labels(exemplar, attributes)
        ms = min(exemplar.time_unix_nano // _NS_PER_MS, until_ms)
        yield value, (ms, value, orjson.dumps(labels).decode())


def _labels(exemplar: Any, attributes: Attributes) -> dict[str, str]:
    labels = {}
    if any(exemplar.trace_id):
        labels["trace_id"] = exemplar.trace_id.hex()
    if any(exemplar.span_id):
        labels["span_id"] = exemplar.span_id.hex()
    found = attributes.read(exemplar.filtered_attributes)
    more = {key: label_value(value) for key, value in found.items()}
    together = {**more, **labels}
    fits = sum(len(key) + len(value) for key, value in together.items()) <= MAX_CHARACTERS
    return together if fits else labels

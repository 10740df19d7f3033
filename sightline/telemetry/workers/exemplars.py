"""Exemplars between processes: one small file for each worker, the newest of a series wins."""

from collections.abc import Iterable
from pathlib import Path

import orjson
from prometheus_client.samples import Exemplar

Series = tuple[str, tuple[tuple[str, str], ...]]  # a sample's name and its labels, in order
Exemplars = dict[Series, Exemplar]


def series_of(name: str, labels: Iterable[tuple[str, str]]) -> Series:
    return name, tuple(sorted(labels))


def encode(exemplars: Exemplars) -> bytes:
    return orjson.dumps(
        [
            [name, labels, dict(one.labels), one.value, one.timestamp]
            for (name, labels), one in list(exemplars.items())
        ]
    )


def write(path: Path, encoded: bytes) -> None:
    """Whole or not at all, for whoever reads meanwhile."""
    new = path.with_suffix(".writing")
    new.write_bytes(encoded)
    new.replace(path)


def read(paths: Iterable[Path]) -> Exemplars:
    found: Exemplars = {}
    for path in paths:
        for name, labels, own, value, timestamp in orjson.loads(path.read_bytes()):
            series = (name, tuple((key, text) for key, text in labels))
            known = found.get(series)
            if known is None or (known.timestamp or 0) < timestamp:
                found[series] = Exemplar(own, value, timestamp)
    return found

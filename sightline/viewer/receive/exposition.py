"""A `/metrics` page line by line; a series met before costs one look-up."""

import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sightline.viewer.promql.samples import Labels, Metadata
from sightline.viewer.receive.naming import number

OPENMETRICS = "application/openmetrics-text"
MAX_SERIES = 200_000

# name{labels} value [timestamp] [# {labels} value [timestamp]]
_SERIES = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{((?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*)\})?")
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "\\": "\\", '"': '"'}
_COMMENT = re.compile(r"#\s*(TYPE|HELP|UNIT)\s+(\S+)\s*(.*)")
_NORMALISED = ("le", "quantile")


class BadExposition(Exception):  # noqa: N818 — reads as what happened
    """A line of a `/metrics` page that is none, named."""


class Exemplar(NamedTuple):
    labels: Labels
    value: float
    ts_ms: int | None


class Sample(NamedTuple):
    series: int
    value: float
    ts_ms: int | None
    exemplar: Exemplar | None


@dataclass(slots=True)
class Page:
    samples: list[Sample] = field(default_factory=list)
    metadata: dict[str, Metadata] = field(default_factory=dict)


class Parser:
    """Of one target: remembers its series by their very text, for as long as they are stored."""

    def __init__(self, series_of: Callable[[str, Labels], int], stored: Container[int]) -> None:
        self._series_of = series_of
        self._stored = stored
        self._known: dict[str, int] = {}

    def parse(self, text: str, *, openmetrics: bool) -> Page:
        if len(self._known) > MAX_SERIES // 2:
            self._known = {k: v for k, v in self._known.items() if v in self._stored}
        page = Page()
        ended = False
        for line in text.split("\n"):
            if not line or line.isspace():
                continue
            if line[0] == "#":
                if line.startswith("# EOF"):
                    ended = True
                    break
                _read_comment(line, page)
            else:
                page.samples.append(self._sample(line, openmetrics=openmetrics))
        if openmetrics and not ended:
            raise BadExposition("the page ends without # EOF; it was cut on the way")
        return page

    def _sample(self, line: str, *, openmetrics: bool) -> Sample:
        # Most lines end in their value, with no exemplar and no time of their own.
        head, _, tail = line.rpartition(" ")
        series = self._known.get(head)
        if series is not None and series in self._stored:
            return Sample(series, _number(tail, line), None, None)
        found = _SERIES.match(line)
        if found is None:
            raise BadExposition(f"{line[:200]!r} is no sample")
        rest, _, after = line[found.end() :].partition(" # ")
        value, *times = rest.split()[:2] or [""]
        series = self._series(found)
        ts = _milliseconds(times[0], line, seconds=openmetrics) if times else None
        exemplar = _exemplar(after, line) if after else None
        return Sample(series, _number(value, line), ts, exemplar)

    def _series(self, found: re.Match[str]) -> int:
        # Without labels the pattern may have taken the blank before the value along.
        text = found[0].rstrip()
        series = self._known.get(text)
        if series is None or series not in self._stored:
            if len(self._known) >= MAX_SERIES:
                raise BadExposition(
                    f"{MAX_SERIES} series of it are kept already, which is the most"
                )
            labels = _labels(found[2] or "", found[0])
            series = self._known[text] = self._series_of(found[1], labels)
        return series


def _labels(text: str, line: str) -> Labels:
    labels: Labels = {}
    position = 0
    while position < len(text.rstrip()):
        found = _LABEL.match(text, position)
        if found is None:
            raise BadExposition(f"{line[:200]!r} has labels that cannot be read")
        name, value = found[1], _ESCAPED.sub(_unescaped, found[2])
        if name in _NORMALISED:
            value = _normalised(value)
        if value:
            labels[name] = value
        position = found.end()
    return labels


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[0])


def _normalised(value: str) -> str:
    """`1` and `1.0` are one bound: as Prometheus 3, the form with a point."""
    try:
        text = number(float(value))
    except ValueError:
        return value
    return text if "." in text or "Inf" in text or text == "nan" else f"{text}.0"


def _exemplar(text: str, line: str) -> Exemplar:
    text = text.strip()
    # A value has no brace, so the last one closes the labels.
    closing = text.rfind("}")
    if not text.startswith("{") or closing < 0:
        raise BadExposition(f"{line[:200]!r} has an exemplar that cannot be read")
    value, *times = text[closing + 1 :].split()[:2] or [""]
    ts = _milliseconds(times[0], line, seconds=True) if times else None
    return Exemplar(_labels(text[1:closing], line), _number(value, line), ts)


def _number(text: str, line: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadExposition(f"{line[:200]!r} has no number: {text[:40]!r}") from None


def _milliseconds(text: str, line: str, *, seconds: bool) -> int:
    value = _number(text, line)
    try:
        return round(value * 1000) if seconds else int(value)
    except (OverflowError, ValueError):
        raise BadExposition(f"{line[:200]!r} has no time: {text[:40]!r}") from None


def _read_comment(line: str, page: Page) -> None:
    found = _COMMENT.match(line)
    if found is None:
        return
    what, name, text = found[1], found[2], found[3].strip()
    known = page.metadata.get(name, Metadata("unknown", "", ""))
    match what:
        case "TYPE":
            known = known._replace(type=text)
        case "HELP":
            known = known._replace(help=_ESCAPED.sub(_unescaped, text))
        case "UNIT":
            known = known._replace(unit=text)
    page.metadata[name] = known


def families(page: Page, *, openmetrics: bool) -> Iterator[tuple[str, Metadata]]:
    """Metadata by the name that samples have: OpenMetrics leaves `_total` off."""
    for name, metadata in page.metadata.items():
        bare = openmetrics and metadata.type == "counter" and not name.endswith("_total")
        yield (f"{name}_total" if bare else name), metadata

"""Data points of an OTLP request as Prometheus' series and samples."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_DELTA,
    DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK,
    Metric,
)

from sightline.viewer.promql.samples import Labels, Metadata
from sightline.viewer.receive.attributes import Attributes
from sightline.viewer.receive.decoding import Accepted, Decoded, Memory
from sightline.viewer.receive.exemplars import exemplar_rows
from sightline.viewer.receive.exponential import classic_buckets
from sightline.viewer.receive.labels import (
    MAX_SETS_PER_METRIC,
    LabelSet,
    point_labels,
    resource_labels,
    target_info,
)
from sightline.viewer.receive.naming import Kind, metric_name, number, unit_name
from sightline.viewer.store import Store
from sightline.viewer.store.batch import Points
from sightline.viewer.store.head import MOST_AHEAD_MS

_NS_PER_MS = 1_000_000
_NS_PER_SECOND = 1_000_000_000
_INFINITE = float("inf")
_Shape = Literal["gauge", "sum", "histogram", "exponential_histogram", "summary"]
MOST_SERIES = 200_000
LONGEST_NAME = 1_024
LONGEST_LABELS = 16 * 1024
Sets = dict[tuple[str, str], dict[tuple[tuple[str, str], ...], LabelSet]]
Value = tuple[str, str, float]  # suffix of the name, value of the extra label, sample


class _Family(NamedTuple):
    """A metric under its Prometheus name."""

    name: str
    kind: Kind
    delta: bool


class MetricDecoder:
    """Knows the series it has met, so that a point of a known one is a look-up."""

    def __init__(self, store: Store, memory: Memory) -> None:
        self._store = store
        self._memory = memory
        self._sets: Sets = {}

    def decode(self, raw: bytes, message: ExportMetricsServiceRequest) -> Decoded:
        decoded = Decoded.of(raw)
        attributes, now = self._memory.attributes(raw), time.time_ns()
        for resource_metrics in message.resource_metrics:
            resource = self._memory.resources.read(
                resource_metrics.resource, attributes, decoded.batch
            )
            promoted = resource_labels(resource)
            accepted = decoded.count(resource.service, 0)
            request = _Request(
                self._store, decoded, accepted, attributes, promoted, self._sets, now
            )
            for scope_metrics in resource_metrics.scope_metrics:
                for metric in scope_metrics.metrics:
                    request.read(metric)
            info = target_info(resource)
            if info and request.newest_ns:
                series = self._store.new_series(decoded.batch, "target_info", info)
                decoded.batch.points.add(series, request.newest_ns // _NS_PER_MS, 1.0)
        return decoded

    def forget(self, points: Points) -> None:
        """They were not stored, and are no repetition when they are sent again."""
        self._store.head.take_back(points)
        gone = set(points.series_id)
        # A copy each: a large request may be decoded in its thread meanwhile.
        for of_metric in list(self._sets.values()):
            for known in list(of_metric.values()):
                # What a delta has added to its sum is there, and the next sample brings it.
                if not known.totals and not gone.isdisjoint(known.series.values()):
                    known.last_ns = 0


class _Request:
    """One resource's metrics on their way into a batch."""

    def __init__(
        self,
        store: Store,
        decoded: Decoded,
        accepted: Accepted,
        attributes: Attributes,
        promoted: Labels,
        sets: Sets,
        now_ns: int,
    ) -> None:
        self._store = store
        self._decoded = decoded
        self._accepted = accepted
        self._attributes = attributes
        self._promoted = promoted
        self._sets = sets
        self._now_ns = now_ns
        self._latest_ns = now_ns + MOST_AHEAD_MS * _NS_PER_MS
        self.newest_ns = 0

    def read(self, metric: Metric) -> None:
        shape: Any = metric.WhichOneof("data")
        if shape is None:
            return
        data: Any = getattr(metric, shape)
        kind = _kind(shape, data)
        self._accepted.received += len(data.data_points)
        if len(metric.name) > LONGEST_NAME or len(metric.unit) > LONGEST_NAME:
            reason = f"a metric's name or unit is longer than {LONGEST_NAME} characters"
            self._decoded.reject(self._accepted, reason, len(data.data_points))
            return
        family = _Family(
            metric_name(metric.name, metric.unit, kind),
            kind,
            getattr(data, "aggregation_temporality", 0) == AGGREGATION_TEMPORALITY_DELTA,
        )
        if not family.name:
            reason = f"metric name {metric.name!r} has no letter or digit"
            self._decoded.reject(self._accepted, reason, len(data.data_points))
            return
        kept = "gauge" if kind == "updown" else kind
        help_text = self._attributes.text(metric.description)
        metadata = Metadata(kept, help_text, unit_name(metric.unit))
        self._store.describe(self._decoded.batch, family.name, metadata)
        values = _VALUES[shape]
        for point in data.data_points:
            self._point(family, point, values)

    def _point(self, family: _Family, point: Any, values: Callable[[Any], Iterable[Value]]) -> None:
        ns = point.time_unix_nano
        if not 0 < ns <= self._latest_ns:
            self._decoded.reject(self._accepted, self._untimely(family.name, ns))
            return
        known = self._label_set(family.name, point)
        if isinstance(known, str):
            self._decoded.reject(self._accepted, known)
            return
        ms, last = ns // _NS_PER_MS, known.last_ns
        # Two deltas of one millisecond both count, of other samples the first alone.
        if ns <= last if family.delta else ms <= last // _NS_PER_MS:
            self._accepted.duplicates += 1
            return
        known.last_ns = ns
        self.newest_ns = max(self.newest_ns, ns)
        stale = bool(point.flags & DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK)
        found = list(values(point))
        if family.delta and not stale:
            found = _added_up(known, found)
        add = self._decoded.batch.points.add
        for suffix, extra, value in found:
            series = self._series(family.name, known, suffix, extra)
            add(series, ms, value, stale=stale)
        if getattr(point, "exemplars", None) and family.kind != "gauge":
            self._exemplars(family, known, point, found)

    def _untimely(self, name: str, ns: int) -> str:
        if not ns:
            return f"a point of {name} has no time"
        ahead = (ns - self._now_ns) // _NS_PER_SECOND
        return (
            f"a point of {name} is {ahead} s ahead of the viewer's clock,"
            f" {MOST_AHEAD_MS // 1_000} s is the most; set the clock of whoever sent it"
        )

    def _label_set(self, name: str, point: Any) -> LabelSet | str:
        """Or why there is no room for it."""
        labels = point_labels(self._attributes.read(point.attributes), self._promoted)
        of_metric = self._sets.setdefault((self._promoted.get("job", ""), name), {})
        key = tuple(sorted(labels.items()))
        known = of_metric.get(key)
        if known is None:
            if refusal := self._refusal(name, labels, of_metric):
                return refusal
            known = of_metric[key] = LabelSet(labels)
        return known

    def _refusal(
        self,
        name: str,
        labels: Labels,
        of_metric: dict[tuple[tuple[str, str], ...], LabelSet],
    ) -> str:
        if len(of_metric) >= MAX_SETS_PER_METRIC and not self._made_room(of_metric):
            return (
                f"{name} has {MAX_SETS_PER_METRIC} sets of labels already;"
                " an attribute of it has too many values"
            )
        if len(self._store.series) >= MOST_SERIES:
            return f"{MOST_SERIES} series are kept already, which is the most"
        if sum(len(key) + len(value) for key, value in labels.items()) > LONGEST_LABELS:
            return f"the labels of a point of {name} are longer than {LONGEST_LABELS} characters"
        return ""

    def _made_room(self, of_metric: dict[tuple[tuple[str, str], ...], LabelSet]) -> bool:
        """Forget sets whose series retention has removed."""
        stored = self._store.series
        gone = [k for k, known in of_metric.items() if stored.isdisjoint(known.series.values())]
        for key in gone:
            del of_metric[key]
        return bool(gone)

    def _series(self, name: str, known: LabelSet, suffix: str, extra: str) -> int:
        series = known.series.get((suffix, extra))
        if series is None or series not in self._store.series:
            labels = known.labels
            if extra:
                labels = {**labels, ("le" if suffix == "_bucket" else "quantile"): extra}
            series = self._store.new_series(self._decoded.batch, name + suffix, labels)
            known.series[suffix, extra] = series
        return series

    def _exemplars(
        self, family: _Family, known: LabelSet, point: Any, found: Sequence[Value]
    ) -> None:
        bounds = [(float(extra), extra) for suffix, extra, _ in found if suffix == "_bucket"]
        until_ms = point.time_unix_nano // _NS_PER_MS
        for value, row in exemplar_rows(point.exemplars, self._attributes, until_ms):
            extra = next((text for bound, text in bounds if value <= bound), "")
            suffix = "_bucket" if bounds else ""
            series = self._series(family.name, known, suffix, extra)
            self._store.add_exemplar(self._decoded.batch, series, *row)


def _kind(shape: _Shape, data: Any) -> Kind:
    if shape == "sum":
        return "counter" if data.is_monotonic else "updown"
    return "histogram" if shape == "exponential_histogram" else shape


def _number(point: Any) -> Iterable[Value]:
    is_int = point.WhichOneof("value") == "as_int"
    return [("", "", float(point.as_int if is_int else point.as_double))]


def _histogram(point: Any) -> Iterable[Value]:
    total = 0
    for bound, count in zip(point.explicit_bounds, point.bucket_counts, strict=False):
        total += count
        yield "_bucket", number(bound), float(total)
    yield "_bucket", "+Inf", float(point.count)
    yield from _sum_and_count(point)


def _exponential(point: Any) -> Iterable[Value]:
    for bound, count in classic_buckets(point):
        if bound < _INFINITE:
            yield "_bucket", number(bound), count
    yield "_bucket", "+Inf", float(point.count)
    yield from _sum_and_count(point)


def _sum_and_count(point: Any) -> Iterable[Value]:
    if point.HasField("sum"):
        yield "_sum", "", point.sum
    yield "_count", "", float(point.count)


def _summary(point: Any) -> Iterable[Value]:
    for quantile in point.quantile_values:
        yield "", number(quantile.quantile), quantile.value
    yield "_sum", "", point.sum
    yield "_count", "", float(point.count)


_VALUES: dict[str, Callable[[Any], Iterable[Value]]] = {
    "gauge": _number,
    "sum": _number,
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}


def _added_up(known: LabelSet, found: list[Value]) -> list[Value]:
    """Deltas turned cumulative: what came before, and this."""
    buckets = {float(extra): value for suffix, extra, value in found if suffix == "_bucket"}
    if buckets:
        known.buckets = _merged(known.buckets, buckets)
    added = [("_bucket", number(bound), value) for bound, value in sorted(known.buckets.items())]
    for suffix, extra, value in found:
        if suffix != "_bucket":
            key = (suffix, extra)
            known.totals[key] = known.totals.get(key, 0.0) + value
            added.append((suffix, extra, known.totals[key]))
    return added


def _merged(before: dict[float, float], now: dict[float, float]) -> dict[float, float]:
    """Counts up to each bound of either; an exponential histogram's bounds come and go."""
    merged, up_to_before, up_to_now = {}, 0.0, 0.0
    for bound in sorted(before.keys() | now.keys()):
        up_to_before = before.get(bound, up_to_before)
        up_to_now = now.get(bound, up_to_now)
        merged[bound] = up_to_before + up_to_now
    return merged

"""This worker's share: its values in mapped files at once, the rest each second."""

import logging
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, values
from prometheus_client.core import Metric
from prometheus_client.samples import Exemplar, Sample
from prometheus_client.values import MultiProcessValue

from sightline.telemetry.workers import exemplars, folder
from sightline.telemetry.workers.exemplars import Exemplars, series_of

_log = logging.getLogger("sightline.telemetry")

_EVERY = 1.0  # seconds between two looks at collectors and exemplars
_MAPPED = (Counter, Gauge, Histogram, Summary)


class Sharing:
    def __init__(self, place: Path) -> None:
        self.folder = place
        self._alive = folder.hold(place)
        self._exemplars: Exemplars = {}
        self._registries: list[CollectorRegistry] = []
        self._reported: dict[tuple[str, exemplars.Series], Any] = {}
        self._failed: list[Any] = []
        self._written = b""
        self._lock = threading.Lock()
        self._kind = self._mapped_value()
        self._start()

    def _start(self) -> None:
        threading.Thread(target=self._run, name="sightline-workers", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(_EVERY):
            self.publish()

    def restart_after_fork(self) -> None:
        """A process of its own; its values begin anew by themselves when they are next used."""
        self._alive.close()
        self._alive = folder.hold(self.folder)
        self._lock = threading.Lock()
        self._exemplars.clear()
        self._written = b""
        self._start()

    # Values.

    def _mapped_value(self) -> Any:
        """prometheus_client's mapped value, with the exemplars that it leaves out."""
        kind: Any = values.ValueClass
        if not kind._multiprocess:  # noqa: SLF001 — how prometheus_client itself tells them apart
            kind = values.ValueClass = MultiProcessValue()  # type: ignore[no-untyped-call]
        kept = self._exemplars

        def set_exemplar(value: Any, exemplar: Exemplar) -> None:
            kept[_series(value)] = exemplar

        def get_exemplar(value: Any) -> Exemplar | None:
            return kept.get(_series(value))

        kind.set_exemplar, kind.get_exemplar = set_exemplar, get_exemplar
        return kind

    def adopt(self, registry: CollectorRegistry) -> None:
        """What was made before the mode was known goes on in the files, with what it counted."""
        if registry in self._registries:
            return
        self._registries.append(registry)
        for collector in _collectors(registry):
            if isinstance(collector, _MAPPED):
                for child in _children(collector):
                    self._move(child)

    def _move(self, metric: Any) -> None:
        before = _values(metric)
        if all(isinstance(value, self._kind) for value in before):
            return
        metric._metric_init()  # noqa: SLF001 — makes its values anew, now as files have them
        for old, new in zip(before, _values(metric), strict=True):
            if counted := old.get():
                new.inc(counted)

    # What has no value of its own in the files.

    def publish(self) -> None:
        with self._lock:
            for registry in self._registries:
                for collector in _collectors(registry):
                    self._ask(collector)
            encoded = exemplars.encode(self._exemplars)
            if encoded != self._written:
                exemplars.write(self.folder / f"{os.getpid()}.exemplars", encoded)
                self._written = encoded

    def _ask(self, collector: Any) -> None:
        """Collectors that are no values report when asked; so do gauges with a function."""
        try:
            if not isinstance(collector, _MAPPED):
                self._report(collector.collect())
                return
            for child in _children(collector):
                if "_child_samples" in vars(child):
                    (sample,) = child._child_samples()  # noqa: SLF001 — no accessor
                    child._value.set(sample.value)  # noqa: SLF001 — same
        except Exception:  # noqa: BLE001 — one that fails must not silence the others
            if collector not in self._failed:
                self._failed.append(collector)
                _log.exception("workers.collector_failed", extra={"collector": repr(collector)})

    def _report(self, families: Iterable[Metric]) -> None:
        for family in families:
            for sample in family.samples:
                kind = _kind_of(family, sample)
                if kind is None:
                    continue
                key = (family.name, series_of(sample.name, sample.labels.items()))
                value = self._reported.get(key)
                if value is None:
                    value = self._reported[key] = self._kind(
                        kind,
                        family.name,
                        sample.name,
                        tuple(sample.labels),
                        tuple(sample.labels.values()),
                        family.documentation,
                        _mode(family, sample),
                    )
                value.set(sample.value)


def _series(value: Any) -> exemplars.Series:
    _, _, name, keys, texts, *_ = value._params  # noqa: SLF001 — no accessor
    return series_of(name, zip(keys, texts, strict=True))


def _collectors(registry: CollectorRegistry) -> list[Any]:
    return list(registry._collector_to_names)  # noqa: SLF001 — no accessor


def _children(metric: Any) -> list[Any]:
    """A metric with labels has none of its own, but children that have."""
    return list(metric._metrics.values()) if metric._is_parent() else [metric]  # noqa: SLF001 — no accessor


def _values(metric: Any) -> list[Any]:
    names = ("_value", "_count", "_sum")
    single = [vars(metric)[name] for name in names if name in vars(metric)]
    return [*single, *vars(metric).get("_buckets", ())]


def _kind_of(family: Metric, sample: Sample) -> str | None:
    """How samples of several workers are added up; none for what cannot be."""
    if sample.name.endswith("_created") or "quantile" in sample.labels:
        return None
    if family.type in {"counter", "summary"}:
        return str(family.type)
    return None if family.type in {"histogram", "gaugehistogram"} else "gauge"


def _mode(family: Metric, sample: Sample) -> str:
    if sample.name == "process_start_time_seconds":
        return "livemin"
    if family.type in {"info", "stateset"} or sample.name.endswith("_info"):
        return "livemax"
    return "livesum"

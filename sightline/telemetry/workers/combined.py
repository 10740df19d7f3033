"""The exposition of all workers: values added up, gauges of the living, exemplars in place."""

from collections.abc import Iterable
from pathlib import Path

from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from sightline.telemetry.workers import exemplars, folder
from sightline.telemetry.workers.exemplars import Exemplars, series_of
from sightline.telemetry.workers.gone import bury


class Combined(Collector):
    def __init__(self, place: Path) -> None:
        self._folder = place

    def collect(self) -> Iterable[Metric]:
        with folder.locked(self._folder):
            with folder.gone(self._folder) as pids:
                bury(self._folder, pids)
            files = [str(path) for path in self._folder.glob("*.db")]
            found = exemplars.read(self._folder.glob("*.exemplars"))
            metrics = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        for metric in sorted(metrics, key=lambda one: str(one.name)):
            metric.samples = [_with_exemplar(sample, found) for sample in metric.samples]
            yield metric

    def describe(self) -> Iterable[Metric]:
        return []


def _with_exemplar(sample: Sample, found: Exemplars) -> Sample:
    exemplar = found.get(series_of(sample.name, sample.labels.items()))
    return sample if exemplar is None else sample._replace(exemplar=exemplar)

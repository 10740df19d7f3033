"""A `/metrics` page as text: its counts, its exemplars."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

OPENMETRICS = "application/openmetrics-text; version=1.0.0, text/plain; version=0.0.4; q=0.5"
_SAMPLE = re.compile(
    r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*?)\})?\s(?P<value>\S+)"
    r"(?:\s[\d.]+)?(?:\s#\s\{(?P<exemplar>.*?)\}\s.*)?$"
)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Sample:
    name: str
    labels: dict[str, str]
    value: float
    exemplar: dict[str, str]


@dataclass(frozen=True)
class Page:
    text: str

    def samples(self, name: str) -> Iterator[Sample]:
        for line in self.text.splitlines():
            if line.startswith(name) and (match := _SAMPLE.match(line)) and match["name"] == name:
                yield Sample(
                    name,
                    dict(_LABEL.findall(match["labels"] or "")),
                    float(match["value"]),
                    dict(_LABEL.findall(match["exemplar"] or "")),
                )

    def has(self, name: str) -> bool:
        return next(self.samples(name), None) is not None

    def total(self, name: str) -> float:
        return sum(sample.value for sample in self.samples(name))

    def by(self, label: str, name: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for sample in self.samples(name):
            key = sample.labels.get(label, "")
            found[key] = found.get(key, 0.0) + sample.value
        return found

    def exemplars(self, name: str) -> list[dict[str, str]]:
        return [sample.exemplar for sample in self.samples(name) if sample.exemplar]

"""The queries of a dashboard's panels, with its variables filled in, and the metrics they name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_VALUES = {
    "$environment": ".*",
    "$__rate_interval": "1m",
    "$__range": "30m",
    "$__interval": "15s",
}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_SELECTED = re.compile(r"\{[^{}]*\}")
_GROUPED = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_WINDOW = re.compile(r"\[[^\]]*\]")
_NAME = re.compile(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])")
_WORDS = {"or", "and", "unless", "bool", "offset", "by", "without", "inf", "nan"}


@dataclass(frozen=True)
class Query:
    board: str
    panel: str
    language: str  # prometheus, loki or tempo
    text: str

    def __str__(self) -> str:
        return f"{self.board}: {self.panel}"

    @property
    def metrics(self) -> set[str]:
        """Names of the metrics that a PromQL query selects."""
        bare = self.text
        for noise in (_QUOTED, _SELECTED, _GROUPED, _WINDOW):
            bare = noise.sub("", bare)
        return {name for name in _NAME.findall(bare) if name.lower() not in _WORDS}


def queries_of(board: dict[str, Any], service: str) -> Iterator[Query]:
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            text = target.get("expr") or target.get("query")
            if text:  # the service map's panel asks for metrics that others ask for too
                language = target["datasource"]["type"]
                yield Query(board["title"], panel["title"], language, filled(text, service))


def filled(text: str, service: str) -> str:
    for name, value in {**_VALUES, "$service": service}.items():
        text = text.replace(name, value).replace(f"${{{name[1:]}}}", value)
    return text

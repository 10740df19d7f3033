"""Asks a backend the questions of its users and times the answers.

python benchmarks/viewer/questions.py --prometheus URL --loki URL --tempo URL [--rounds 10]

The questions are those stores' own query APIs, so the viewer (one URL for all three) and the
stores themselves, or whatever else answers these APIs, are asked the very same.
"""

import argparse
import json
import random
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DASHBOARDS = Path(__file__).parents[2] / "grafana" / "dashboards"
HOUR = 3_600
SAMPLED = 3_400  # seconds back from now, of traces and lines that are looked for
_STEP = 15  # seconds: 240 points of an hour, as wide as a panel
_NS = 1_000_000_000
_VARIABLES = {
    "$service": "orders",
    "$environment": ".*",
    "$__rate_interval": "60s",
    "$__range": "3600s",
}
_SELECTOR = '{service_name="orders"}'
_ORDER = re.compile(r"order \d+")


@dataclass(frozen=True)
class Backend:
    """Base URLs of the query APIs; the ones that are absent are not asked."""

    prometheus: str = ""
    loki: str = ""
    tempo: str = ""


@dataclass
class Timing:
    name: str
    seconds: list[float] = field(default_factory=list)
    empty: int = 0  # answers without a result
    slowest: str = ""

    def note(self, seconds: float, what: str, *, empty: bool) -> None:
        if seconds > max(self.seconds, default=0):
            self.slowest = what
        self.seconds.append(seconds)
        self.empty += empty

    def ms(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3


@dataclass(frozen=True)
class Question:
    group: str
    name: str
    url: str


def get(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 — the backend given
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{url} answered {error.code}: {error.read()[:300]!r}") from error


def url(base: str, path: str, **given: str | float) -> str:
    return f"{base.rstrip('/')}{path}?{urllib.parse.urlencode(given)}"


def is_empty(answer: Any) -> bool:
    """Whether nothing was found, in the shape of any of the three APIs."""
    for key in ("data", "traces", "batches", "trace", "edges", "resourceSpans"):
        if key in answer:
            found = answer[key]
            return not (found["result"] if isinstance(found, dict) and "result" in found else found)
    return True


def panels(backend: Backend, end: float) -> Iterator[Question]:
    """Every panel of the shop's own dashboards, over the last hour."""
    start = end - HOUR
    for kind, title, text in _targets():
        if kind == "prometheus" and backend.prometheus:
            yield Question(
                "panel, PromQL",
                title,
                url(
                    backend.prometheus,
                    "/api/v1/query_range",
                    query=text,
                    start=start,
                    end=end,
                    step=_STEP,
                ),
            )
        if kind == "tempo" and backend.tempo:
            yield Question(
                "panel, TraceQL",
                title,
                url(
                    backend.tempo,
                    "/api/search",
                    q=text,
                    start=int(start),
                    end=int(end),
                    limit=20,
                ),
            )
        if kind == "loki" and backend.loki:
            yield Question("panel, LogQL", title, _lines(backend.loki, text, end))
    if backend.loki:
        volume = f"sum by (detected_level) (count_over_time({_SELECTOR}[1m]))"
        asked = {"query": volume, "start": f"{start:.0f}", "end": f"{end:.0f}", "step": "60"}
        path = "/loki/api/v1/query_range"
        yield Question("panel, log volume by level", "volume", url(backend.loki, path, **asked))


def _targets() -> Iterator[tuple[str, str, str]]:
    for name in ("service", "business", "traces"):
        board = json.loads((DASHBOARDS / f"{name}.json").read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                text = target.get("expr") or target.get("query")
                kind = target.get("datasource", panel.get("datasource"))["type"]
                # What Tempo's generator makes for Prometheus is not sent here.
                if not text or "traces_" in text:
                    continue
                for variable, value in _VARIABLES.items():
                    text = text.replace(variable, value)
                yield kind, panel["title"], text


def _lines(loki: str, query: str, end: float, hours: float = 1, limit: int = 100) -> str:
    start = end - hours * HOUR
    return url(
        loki,
        "/loki/api/v1/query_range",
        query=query,
        start=f"{start * _NS:.0f}",
        end=f"{end * _NS:.0f}",
        limit=limit,
    )


def service_map(backend: Backend, end: float) -> Iterator[Question]:
    """The viewer's own; Tempo leaves it to its generator."""
    asked = url(backend.tempo, "/api/service-map", start=int(end - HOUR), end=int(end))
    yield Question("service map", "service map", asked)


def traces(backend: Backend, end: float, count: int, within: float) -> Iterator[Question]:
    """Traces of random moments of the last hour, by id; as from a link with its time, and bare."""
    for _ in range(count):
        moment = int(end - random.uniform(60, within))  # noqa: S311 — a sample
        found = get(
            url(backend.tempo, "/api/search", q="{ }", start=int(end - HOUR), end=moment, limit=1)
        )
        for trace in found.get("traces") or ():
            path = f"/api/traces/{trace['traceID']}"
            at = int(trace["startTimeUnixNano"]) // _NS
            hinted = url(backend.tempo, path, start=at - 1, end=at + 2)
            yield Question("trace by id, with its time", trace["traceID"], hinted)
            yield Question("trace by id alone", trace["traceID"], backend.tempo + path)


def searches(backend: Backend, end: float, count: int, within: float) -> Iterator[Question]:
    """For the one line of the hour that names an order: all lines must be looked at."""
    for _ in range(count):
        moment = end - random.uniform(60, within)  # noqa: S311 — a sample
        found = get(_lines(backend.loki, _SELECTOR, moment, limit=1))["data"]["result"]
        if found:
            order = _ORDER.search(found[0]["values"][0][1])
            text = order[0] if order else "order"
            query = f'{_SELECTOR} |= "{text}"'
            yield Question("substring in an hour of logs", text, _lines(backend.loki, query, end))


def asked(
    backend: Backend, end: float, samples: int, *, edges: bool, within: float = SAMPLED
) -> list[Question]:
    found = list(panels(backend, end))
    if backend.tempo:
        found += traces(backend, end, samples, within)
        found += service_map(backend, end) if edges else ()
    if backend.loki:
        found += searches(backend, end, samples, within)
    return found


def timed(questions: Sequence[Question], rounds: int, go_on: Callable[[], bool]) -> list[Timing]:
    """Round after round in an order of its own, the first one not counted."""
    timings: dict[str, Timing] = {}
    for number in range(rounds + 1):
        for question in random.sample(list(questions), len(questions)):
            if not go_on():
                return list(timings.values())
            began = time.perf_counter()
            answer = get(question.url)
            took = time.perf_counter() - began
            timing = timings.setdefault(question.group, Timing(question.group))
            if number:
                timing.note(took, question.name, empty=is_empty(answer))
    return [timings[name] for name in sorted(timings)]


def table(timings: Sequence[Timing]) -> str:
    rows = [
        "| question | asked | p50 ms | p95 ms | slowest ms | no result |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {each.name} | {len(each.seconds)} | {each.ms(0.5):.0f} | {each.ms(0.95):.0f} "
        f"| {each.ms(1):.0f} ({each.slowest}) | {each.empty} |"
        for each in timings
        if each.seconds
    ]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    for name in ("prometheus", "loki", "tempo"):
        parser.add_argument(
            f"--{name}", metavar="URL", default="", help=f"its API as {name} has it"
        )
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--samples", type=int, default=10, help="traces and lines looked for")
    parser.add_argument("--service-map", action="store_true", help="ask for the viewer's own map")
    arguments = parser.parse_args()
    backend = Backend(arguments.prometheus, arguments.loki, arguments.tempo)
    if backend == Backend():
        parser.error("give at least one of --prometheus, --loki and --tempo")
    questions = asked(backend, time.time(), arguments.samples, edges=arguments.service_map)
    print(f"{len(questions)} questions, {arguments.rounds} rounds", file=sys.stderr)
    print(table(timed(questions, arguments.rounds, lambda: True)))


if __name__ == "__main__":
    main()

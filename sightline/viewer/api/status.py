"""How the viewer itself is: `/healthz`, `/api/status` and its own `/metrics`."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sightline.viewer.api.refusals import answer_or_refusal
from sightline.viewer.config import Settings
from sightline.viewer.receive.tally import Tally
from sightline.viewer.receive.targets import Targets
from sightline.viewer.rules.group import Evaluated, Group
from sightline.viewer.store import Store

APPLICATION = "sightline viewer"
_OLDEST = """
SELECT (SELECT min(ts) FROM spans), (SELECT min(ts) FROM logs), (SELECT min(ts) FROM points),
       (SELECT count(*) FROM spans), (SELECT count(*) FROM logs), (SELECT count(*) FROM points)
"""


class Status:
    """Gathers what the store and the receivers know about themselves."""

    def __init__(
        self,
        store: Store,
        tally: Tally,
        settings: Settings,
        scraped: Targets,
        groups: Sequence[Group] = (),
    ) -> None:
        self._store = store
        self._tally = tally
        self._settings = settings
        self._scraped = scraped
        self._groups = groups
        self._started = time.time()

    def health(self) -> dict[str, Any]:
        """For anybody who asks, so no more than `sightline run` needs to know."""
        return {
            "status": "degraded" if self._store.writer.trouble else "ok",
            "application": APPLICATION,
            "otlp_http_port": self._settings.otlp_http_port,
            "otlp_grpc_port": self._settings.otlp_grpc_port,
        }

    def everything(self) -> dict[str, Any]:
        (spans_from, logs_from, points_from, spans, logs, points) = self._store.query(_OLDEST)[0]
        oldest = [ts for ts in (spans_from, logs_from, (points_from or 0) * 1_000_000) if ts]
        return {
            "started": self._started,
            "targets": list(self._scraped.health()),
            "rules": {
                "rules": sum(len(group.rules) for group in self._groups),
                "failing": [each.rule.rule.name for each in self._evaluated() if each.last.error],
            },
            "received": self._tally.as_dict(),
            "store": {
                **self._store.status(),
                "rows": {"spans": spans, "logs": logs, "points": points},
                "oldest_ns": min(oldest, default=None),
                "retention_seconds": self._settings.retention_seconds,
                "folder": str(self._settings.data) if self._settings.data else None,
            },
        }

    def _evaluated(self) -> Iterator[Evaluated]:
        return (each for group in self._groups for each in group.rules)

    def metrics(self) -> str:
        """In Prometheus' text format."""
        lines = []
        for name, kind, text, samples in self._families():
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
            lines += [f"{name}{labels} {value}" for labels, value in samples]
        return "\n".join(lines) + "\n"

    def _families(self) -> list[tuple[str, str, str, list[tuple[str, float]]]]:
        received: list[tuple[str, float]] = []
        rejected: list[tuple[str, float]] = []
        for (signal, service), counts in sorted(self._tally.services.items()):
            labels = f'{{signal="{signal}",service_name="{_escaped(service)}"}}'
            received.append((labels, counts.received))
            rejected.append((labels, counts.rejected))
        refused: list[tuple[str, float]] = [
            (f'{{signal="{signal}",status="{status}"}}', refusals.requests)
            for (signal, status), refusals in sorted(self._tally.refusals.items())
        ]
        failures: list[tuple[str, float]] = [
            (f'{{rule="{_escaped(each.rule.rule.name)}"}}', each.failures)
            for each in self._evaluated()
            if each.failures
        ]
        store = self._store
        return [
            ("sightline_received_items_total", "counter", "Spans, records, points in.", received),
            ("sightline_rejected_items_total", "counter", "Of these, not taken.", rejected),
            ("sightline_refused_requests_total", "counter", "Whole requests refused.", refused),
            ("sightline_queue_bytes", "gauge", "Waiting.", [("", store.writer.queued_bytes)]),
            ("sightline_lost_rows_total", "counter", "Not stored.", [("", store.writer.lost_rows)]),
            ("sightline_rule_failures_total", "counter", "Rules not evaluated.", failures),
            ("sightline_series", "gauge", "Metric series known.", [("", len(store.series))]),
        ]


def routes(status: Status) -> list[BaseRoute]:
    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse(status.health())

    async def everything(_: Request) -> Response:
        found = await anyio.to_thread.run_sync(answer_or_refusal, status.everything)
        return found if isinstance(found, Response) else JSONResponse(found)

    async def metrics(_: Request) -> PlainTextResponse:
        return PlainTextResponse(status.metrics(), media_type="text/plain; version=0.0.4")

    return [
        Route("/healthz", healthz),
        Route("/api/status", everything),
        Route("/metrics", metrics),
    ]


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

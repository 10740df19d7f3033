"""A small store made by hand, and a client of the query APIs over it."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import orjson

import sightline.viewer.store
from sightline.viewer.store.tail import Tail

SECOND = 1_000_000_000
NOON = 1_790_000_000 * SECOND
TRACE, OTHER_TRACE = "0af7651916cd43dd8448eb211c80319c", "00000000000000001111111111111111"


class SmallStore:
    """The store's questions over a database in memory, filled row by row."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:")
        schema = Path(sightline.viewer.store.__file__).parent / "schema.sql"
        self._connection.execute(schema.read_text())
        self._lock = threading.Lock()
        self._seq = 0
        self.tail = Tail()
        self.queued: list[Callable[[], None]] = []

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.cursor().execute(sql, list(params)).fetchall()

    def flush(self, _timeout: float) -> None:
        while self.queued:
            self.queued.pop(0)()

    def resource(self, key: int, service: str, **attrs: Any) -> int:
        known = {
            "service.name": service,
            "service.namespace": "sightline",
            "deployment.environment.name": "test",
            **attrs,
        }
        row = [key, service, "sightline", "test", f"{service}-1", orjson.dumps(known).decode()]
        self._insert("resources", row)
        return key

    def log(
        self, resource: int, body: str, *, at: float = 0, trace: str = "", **attrs: Any
    ) -> None:
        self._seq += 1
        level = attrs.pop("level", "info")
        severity = {"debug": 5, "info": 9, "warn": 13, "error": 17}[level]
        ts = NOON + round(at * SECOND)
        span = "b7ad6b7169203331" if trace else ""
        dotted = {key.replace("__", "."): value for key, value in attrs.items()}
        self._insert(
            "logs",
            [
                *(self._seq, ts, ts, severity, level.upper(), level, "", body, trace, span),
                *(resource, "app", orjson.dumps(dotted).decode()),
            ],
        )

    def span(self, resource: int, span_id: str, name: str, *, at: float = 0, **given: Any) -> None:
        known: dict[str, Any] = {
            "dur": 0.1, "trace": TRACE, "parent": "", "service": "orders", "kind": 1, "status": 0,
            "message": "", "attrs": {}, "events": [], "links": [],
        } | given  # fmt: skip
        attrs = {key.replace("__", "."): value for key, value in known["attrs"].items()}
        ts, dur = NOON + round(at * SECOND), round(known["dur"] * SECOND)
        self._insert("traces", [known["trace"], ts, ts, ts + dur])
        self._insert(
            "spans",
            [
                *(ts, dur, known["trace"], span_id),
                *(known["parent"], resource, "tracer", known["service"], name, known["kind"]),
                *(known["status"], known["message"], attrs.get("http.route")),
                *(attrs.get("http.request.method"), attrs.get("http.response.status_code")),
                *(orjson.dumps(v).decode() for v in (attrs, known["events"], known["links"])),
            ],
        )

    def _insert(self, table: str, row: list[Any]) -> None:
        marks = ", ".join("?" * len(row))
        self.query(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 — names of ours

    def close(self) -> None:
        self._connection.close()

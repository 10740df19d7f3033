"""Charges on disk, one per idempotency key; they outlive the process, and are kept for days."""

import sqlite3
import threading
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from payments.charges import Charge, ChargeRequest, decline_code

SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (
    charge_id TEXT PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    fingerprint TEXT,
    status TEXT NOT NULL CHECK (status IN ('succeeded', 'declined', 'refunded', 'voided')),
    amount_minor INTEGER,
    currency TEXT,
    payment_method TEXT,
    card_last4 TEXT,
    decline_code TEXT,
    created_at TEXT NOT NULL
)
"""
COLUMNS = ", ".join(Charge.model_fields)


class KeyReusedError(Exception):
    """An idempotency key came back with a different request."""


class KeyVoidedError(Exception):
    """The key was voided before its charge arrived; the charge must not happen any more."""


class ChargeStore:
    """One connection behind one lock: SQLite has a single writer anyway."""

    def __init__(self, path: Path, keep_days: float = 7.0) -> None:
        self._kept = timedelta(days=keep_days)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA busy_timeout = 5000", SCHEMA):
            self._connection.execute(statement)

    def close(self) -> None:
        self._connection.close()

    def check(self) -> None:
        with self._lock:
            self._connection.execute("SELECT 1").fetchone()

    def find(self, key: str) -> Charge | None:
        with self._lock:
            row = self._row(key)
        return _charge(row) if row else None

    def charge(self, key: str, request: ChargeRequest) -> tuple[Charge, bool]:
        """The charge of this key, and whether it is new."""
        with self._lock:
            new = self._insert(key, request)
            if new:
                self._forget()
            row = self._row(key)
        if row is None:  # pragma: no cover - only old rows are deleted
            raise LookupError(key)
        if not new:
            _require_same(row, request)
        return _charge(row), new

    def void(self, key: str) -> Charge:
        """Refund the charge of this key, or see to it that none can happen any more."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO charges (charge_id, idempotency_key, status, created_at)"
                " VALUES (?, ?, 'voided', ?) ON CONFLICT (idempotency_key) DO UPDATE"
                " SET status = CASE status WHEN 'succeeded' THEN 'refunded' ELSE status END",
                (_new_id(), key, _text(datetime.now(UTC))),
            )
            row = self._row(key)
        if row is None:  # pragma: no cover - only old rows are deleted
            raise LookupError(key)
        return _charge(row)

    def _insert(self, key: str, request: ChargeRequest) -> bool:
        declined = decline_code(request)
        cursor = self._connection.execute(
            f"INSERT INTO charges ({COLUMNS}, fingerprint)"  # noqa: S608 — our own column names
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (idempotency_key) DO NOTHING",
            (
                _new_id(),
                key,
                "declined" if declined else "succeeded",
                request.amount_minor,
                request.currency,
                request.payment_method,
                request.digits()[-4:] or None,
                declined,
                _text(datetime.now(UTC)),
                request.fingerprint(),
            ),
        )
        return cursor.rowcount == 1

    def _forget(self) -> None:
        """For each charge that comes, up to two go: old ones never pile up, and none waits long."""
        self._connection.execute(
            "DELETE FROM charges WHERE rowid IN (SELECT rowid FROM charges ORDER BY rowid LIMIT 2)"
            " AND created_at < ?",
            (_text(datetime.now(UTC) - self._kept),),
        )

    def _row(self, key: str) -> sqlite3.Row | None:
        query = "SELECT * FROM charges WHERE idempotency_key = ?"
        with closing(self._connection.execute(query, (key,))) as cursor:
            row: sqlite3.Row | None = cursor.fetchone()
        return row


def _require_same(row: sqlite3.Row, request: ChargeRequest) -> None:
    if row["status"] == "voided":
        raise KeyVoidedError
    if row["fingerprint"] != request.fingerprint():
        raise KeyReusedError


def _charge(row: sqlite3.Row) -> Charge:
    return Charge.model_validate({name: row[name] for name in Charge.model_fields})


def _new_id() -> str:
    return f"ch_{uuid.uuid4().hex[:24]}"


def _text(moment: datetime) -> str:
    """Of one width, so that texts sort as the moments do."""
    return moment.isoformat(timespec="milliseconds")

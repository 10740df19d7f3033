"""What an SQL statement is called: its operation and the table it is about, never its values.

OpenTelemetry's instrumentation names the span by the database, which for SQLite is a file's path.
The conventions want `SELECT orders`: few names, and one for each kind of work.
"""

import re
from functools import lru_cache

_HEAD = 4_096  # of a statement; the table stands near its beginning
# What may hold a FROM that is no clause, or a word that only looks like one.
_NOISE = re.compile(
    r"/\*.*?\*/|--[^\n]*|'(?:[^']|'')*(?:'|\Z)"
    r"|\b(?:EXTRACT|SUBSTRING|TRIM|OVERLAY)\s*\([^()]*\)|\bDISTINCT\s+FROM\b",
    re.IGNORECASE | re.DOTALL,
)
_OPERATION = re.compile(r"\W*([A-Za-z]{2,20})")
_NAME = r"((?:[\"`\[]?[\w$]+[\"`\]]?\.)*[\"`\[]?[\w$]+)"
_TABLE = {
    "SELECT": re.compile(rf"\bFROM\s+{_NAME}", re.IGNORECASE),
    "DELETE": re.compile(rf"\bFROM\s+(?:ONLY\s+)?{_NAME}", re.IGNORECASE),
    "INSERT": re.compile(rf"\bINTO\s+{_NAME}", re.IGNORECASE),
    "REPLACE": re.compile(rf"\bINTO\s+{_NAME}", re.IGNORECASE),
    "UPDATE": re.compile(rf"\bUPDATE\s+(?:OR\s+\w+\s+)?(?:ONLY\s+)?{_NAME}", re.IGNORECASE),
}
_QUOTES = str.maketrans("", "", '"`[]')


@lru_cache(maxsize=1_024)
def operation_and_table(statement: str) -> tuple[str | None, str | None]:
    """`("SELECT", "orders")`; None for what cannot be told at a glance."""
    plain = _NOISE.sub(" ", statement[:_HEAD])
    begins = _OPERATION.match(plain)
    if begins is None:
        return None, None
    operation = begins[1].upper()
    pattern = _TABLE.get(operation)
    found = pattern.search(plain) if pattern is not None else None
    return operation, found[1].translate(_QUOTES)[:100] if found else None

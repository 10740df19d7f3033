"""What the machine could do at most: the same requests decoded and not stored, the same rows
appended by DuckDB and not received. Nothing else runs meanwhile, so neither has to share."""

import tempfile
import time
import zlib
from pathlib import Path

import duckdb
from traffic import TEMPLATES, TRAFFIC

from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Batch, Store
from sightline.viewer.store.database import open_database
from sightline.viewer.store.insertion import append, tables_of
from sightline.viewer.store.writer import FLUSH_ROWS


def limits(signal: str, items: int) -> tuple[float, float]:
    """Items a second: decoded from gzip by one core, and appended to a DuckDB file."""
    bodies, items = _bodies(signal, items)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(None)
        receiver = Receiver(store, Tally())
        decode, view = receiver.signals[signal].decode, receiver.signals[signal].view
        began = time.perf_counter()
        batches = []
        for body in bodies:
            raw = zlib.decompress(body, 31)
            batches.append(decode(raw, view.FromString(raw)).batch)
        decoding = time.perf_counter() - began
        receiver.close()
        store.close()
        appending = _appended(batches, Path(folder))
    return items / decoding, items / appending


def _bodies(signal: str, items: int) -> tuple[list[bytes], int]:
    templates = [TRAFFIC[signal](number) for number in range(TEMPLATES)]
    now, made, bodies = time.time_ns(), 0, []
    while made < items:
        template = templates[len(bodies) % TEMPLATES]
        squeeze = zlib.compressobj(1, wbits=31)
        raw = template.stamped(now + made * 1_000_000, now)
        bodies.append(squeeze.compress(raw) + squeeze.flush())
        made += template.items
    return bodies, made


def _appended(batches: list[Batch], folder: Path) -> float:
    """The rows themselves, in commits as large as the viewer's; not what it derives of them."""
    connection = open_database(folder / "plain").connection
    began = time.perf_counter()
    together = Batch()
    for batch in batches:
        together.extend(batch)
        if together.rows >= FLUSH_ROWS:
            _append(connection, together)
            together = Batch()
    _append(connection, together)
    took = time.perf_counter() - began
    connection.close()
    return took


def _append(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    connection.begin()
    for table, columns in tables_of(batch):
        append(connection, table, columns)
    connection.commit()

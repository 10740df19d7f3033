"""The viewer's store: one DuckDB file, one writer thread, any number of readers."""

from sightline.viewer.store.batch import Batch
from sightline.viewer.store.database import StoreUnusable
from sightline.viewer.store.store import Store
from sightline.viewer.store.writer import NotStored, QueueFull

__all__ = ["Batch", "NotStored", "QueueFull", "Store", "StoreUnusable"]

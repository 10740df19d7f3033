"""A store of an earlier version brought to this one: all of it, or nothing is changed."""

import logging

import duckdb

from sightline.viewer.store.insertion import TRACES_OF

# By the version that is found, what makes the next one of it.
STEPS = {"1": f"INSERT INTO traces {TRACES_OF.format('spans')}"}

log = logging.getLogger(__name__)


def migrate(connection: duckdb.DuckDBPyConnection, version: str) -> None:
    """From a version in `STEPS`, once the tables of all versions are there."""
    connection.begin()
    while step := STEPS.get(version):
        log.warning("store.migrated: from version %s", version)
        connection.execute(step)
        version = str(int(version) + 1)
    connection.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", [version])
    connection.commit()

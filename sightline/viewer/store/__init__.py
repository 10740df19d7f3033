"""The DuckDB store behind the viewer, owned by one process."""

"""Instrument a FastAPI app: logs, metrics and traces in one call."""

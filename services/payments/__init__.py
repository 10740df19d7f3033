"""Payments: instrumented by the standard alone."""

__version__ = "0.1.0"

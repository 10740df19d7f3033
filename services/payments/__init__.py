"""Payments: instrumented by the standard alone."""

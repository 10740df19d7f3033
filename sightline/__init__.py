"""Sightline: from a log line to its trace, in one click."""

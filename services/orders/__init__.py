"""Orders: the seed of a user's own service."""

__version__ = "0.1.0"

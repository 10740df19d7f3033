"""Orders: the seed of a user's own service."""

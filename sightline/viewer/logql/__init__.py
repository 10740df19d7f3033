"""LogQL: a stated subset, compiled to SQL over log records."""

"""What the log and the trace languages share: SQL fragments with their parameters."""

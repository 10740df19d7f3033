"""Load: traffic against whichever stack is up."""

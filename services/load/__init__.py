"""Load: traffic against whichever stack is up."""

__version__ = "0.1.0"

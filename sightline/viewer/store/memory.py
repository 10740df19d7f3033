"""Memory that nobody uses any more, given back to the system."""

import ctypes
import sys


def give_back() -> None:
    """What Python's larger objects leave behind; glibc keeps it by itself. Elsewhere, nothing."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)

"""The real servers that the stack tests start: found in a cache, or built from Go modules."""

from servers.cache import find, program
from servers.releases import RELEASES, Release

__all__ = ["RELEASES", "Release", "find", "program"]

"""Finds a server in the cache or on PATH, and builds it into the cache where it has a recipe."""

import os
import shutil
from pathlib import Path

from servers import go
from servers.releases import RELEASES, Release


def root() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sightline"


def folder(release: Release) -> Path:
    return root() / release.folder / "bin"


def program(name: str) -> Path | None:
    """Where a program is, without building anything."""
    release = next(r for r in RELEASES.values() if name in r.programs)
    cached = folder(release) / name
    if cached.exists():
        return cached
    found = shutil.which(name, path=os.pathsep.join((os.environ["PATH"], *_debian_postgresql())))
    # A program that can be built at the tested version is never taken from elsewhere.
    return Path(found) if found and release.recipe == "none" else None


def find(release: Release) -> dict[str, Path] | None:
    """The programs of a release; built if they can be, None if they cannot."""
    if release.recipe != "none" and not go.up_to_date(release, folder(release)):
        go.build(release, folder(release))
    paths = {name: program(name) for name in release.programs}
    found = {name: path for name, path in paths.items() if path}
    return found if len(found) == len(paths) else None


def _debian_postgresql() -> list[str]:
    return sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)

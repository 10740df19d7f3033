"""`sightline view` from its arguments to its exit code."""

import argparse
import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Mapping

from sightline.viewer import log_lines
from sightline.viewer.config import SettingError, Settings, settings
from sightline.viewer.progress import Progress

_MISSING = 'the viewer needs its extra: pip install "sightline[viewer]" ({} is missing)'


_BEGAN = time.monotonic()


def run(arguments: argparse.Namespace, env: Mapping[str, str]) -> int:
    log_lines.configure()
    # Whatever it writes, now or when DuckDB begins a new file, is nobody else's to read.
    os.umask(0o077)
    try:
        wanted = settings(arguments, env)
    except SettingError as error:
        return _fail(str(error))
    with Progress() as progress:
        try:
            return _serve(wanted, progress, with_parent=arguments.with_parent)
        except KeyboardInterrupt:
            return 128 + signal.SIGINT


def _serve(wanted: Settings, progress: Progress, *, with_parent: bool) -> int:
    progress.say("loading")
    try:
        # The libraries of the extra, after the settings have been looked at.
        from sightline.viewer.server import serve  # noqa: PLC0415 — see above
        from sightline.viewer.store import StoreUnusable  # noqa: PLC0415 — see above
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("sightline"):
            raise
        return _fail(_MISSING.format(error.name), progress)
    # What is loaded by now stays; what requests bring dies young.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    try:
        asyncio.run(serve(wanted, progress, began=_BEGAN, with_parent=with_parent))
    except (SettingError, StoreUnusable) as error:
        return _fail(str(error), progress)
    finally:
        gc.unfreeze()
    return 0


def _fail(message: str, progress: Progress | None = None) -> int:
    if progress is not None:
        progress.over()
    print(f"sightline view: {message}", file=sys.stderr)  # noqa: T201 — a command's own output
    return 1

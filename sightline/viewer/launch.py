"""`sightline view` from its arguments to its exit code."""

import argparse
import asyncio
import gc
import logging
import sys
from collections.abc import Mapping

from sightline.viewer.config import SettingError, settings

_MISSING = 'the viewer needs its extra: pip install "sightline[viewer]" ({} is missing)'


def run(arguments: argparse.Namespace, env: Mapping[str, str]) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        wanted = settings(arguments, env)
        # The libraries of the extra, after the settings have been looked at.
        from sightline.viewer.server import serve  # noqa: PLC0415 — see above
        from sightline.viewer.store import StoreUnusable  # noqa: PLC0415 — see above
    except SettingError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("sightline"):
            raise
        return _fail(_MISSING.format(error.name))
    # What is loaded by now stays; what requests bring dies young.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    try:
        asyncio.run(serve(wanted, _say))
    except (SettingError, StoreUnusable) as error:
        return _fail(str(error))
    finally:
        gc.unfreeze()
    return 0


def _say(message: str) -> None:
    print(message, flush=True)  # noqa: T201 — a command's own output


def _fail(message: str) -> int:
    print(f"sightline view: {message}", file=sys.stderr)  # noqa: T201 — a command's own output
    return 1

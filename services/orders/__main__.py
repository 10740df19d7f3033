"""`python -m orders`: the server, with one plain line for what keeps it from starting."""

import argparse
import asyncio
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI
from sqlalchemy import URL
from uvicorn.supervisors import Multiprocess

from orders.app import create_app
from orders.database import DATABASE_ERRORS, Database
from orders.faults import Faults
from orders.settings import FAULTS_FILE, SettingError, Settings, require_writable

DEFAULT_PORT = 8000


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.from_environment()
        require_writable(settings.database_url)
        listener = _listen(options.host, options.port)
        asyncio.run(_require_database(settings.database_url))
        app = create_app(settings)  # here first: what it refuses, it refuses once
    except SettingError as error:
        print(f"orders: {error}", file=sys.stderr)  # noqa: T201 — a command's own output
        return 1
    if settings.workers > 1:
        _serve_together(listener, settings.workers)
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    uvicorn.Server(_config(app)).run(sockets=[listener])
    return 0


def _serve_together(listener: socket.socket, workers: int) -> None:
    """Several processes behind one address; a fault that one of them is told of is on in all."""
    with tempfile.TemporaryDirectory(prefix="orders-") as folder:
        os.environ.setdefault(FAULTS_FILE, str(Path(folder) / "faults.json"))
        Multiprocess(_config("orders.app:app", workers), sockets=[listener]).run()


def _config(app: FastAPI | str, workers: int = 1) -> uvicorn.Config:
    return uvicorn.Config(
        app, workers=workers, log_config=None, access_log=False, timeout_graceful_shutdown=2
    )


def _parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser("orders", description="The orders service.")
    parse.add_argument("--host", default="127.0.0.1", help="address to listen on [%(default)s]")
    parse.add_argument("--port", type=_port, default=DEFAULT_PORT, help="[%(default)s]")
    return parse


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) >= 65536:  # noqa: PLR2004 — TCP's bound
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number up to 65535")
    return int(text)


def _listen(host: str, port: int) -> socket.socket:
    """Bound before anything else starts, so that a taken port costs one line."""
    try:
        return socket.create_server((host, port), backlog=2048)
    except OSError as error:
        raise SettingError(
            f"cannot listen on {host}:{port}: {error.strerror}. "
            "Stop what holds the port, or choose another with --port."
        ) from error


async def _require_database(url: URL) -> None:
    database = Database(url, Faults(enabled=False))
    try:
        await database.prepare()
    except DATABASE_ERRORS as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise SettingError(
            f"cannot use the database {url.render_as_string()}: {reason}. "
            "Start it, or name another with DATABASE_URL."
        ) from error
    finally:
        await database.close()


def _leave(_number: int, _frame: FrameType | None) -> None:
    """uvicorn repeats the signal once it is done; an ordinary exit lets telemetry flush."""
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())

"""The server process: JSON lines from the first one, and one plain line for what keeps it away."""

import os
import signal
import socket
import sqlite3
import sys
import threading
from pathlib import Path
from types import FrameType

import uvicorn

from payments import logs, spans
from payments.app import create_app
from payments.options import parser
from payments.settings import SettingError, Settings, require_writable
from payments.store import ChargeStore

LAST_FLUSH_SECONDS = 2.5


def listen(host: str, port: int) -> socket.socket:
    """Bound before anything else starts, so that a taken port costs one line."""
    try:
        return socket.create_server((host, port), backlog=2048)
    except OSError as error:
        raise SettingError(
            f"cannot listen on {host}:{port}: {error.strerror}. "
            "Stop what holds the port, or choose another with --port."
        ) from error


def require_store(database: Path) -> None:
    require_writable(database.parent)
    try:
        ChargeStore(database).close()
    except sqlite3.Error as error:
        raise SettingError(
            f"cannot use {database} as the charge store: {error}. "
            "Move it away, or name another file: PAYMENTS_DATABASE=/path/to/payments.db"
        ) from error


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        settings = Settings.from_environment()
        require_store(settings.database)
        listener = listen(options.host, options.port)
    except SettingError as error:
        print(f"payments: {error}", file=sys.stderr)  # noqa: T201 — a command's own output
        return 1
    logs.configure(settings.log_level)
    spans.configure()
    config = uvicorn.Config(
        create_app(settings), log_config=None, access_log=False, timeout_graceful_shutdown=2
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        _bound_the_exit()
    return 0


def _bound_the_exit() -> None:
    """With nobody to take it, the exporters' last flush would go on for half a minute."""
    timer = threading.Timer(LAST_FLUSH_SECONDS, os._exit, args=[0])
    timer.daemon = True
    timer.start()


def _leave(_number: int, _frame: FrameType | None) -> None:
    """uvicorn repeats the signal once it is done; an ordinary exit lets telemetry flush."""
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())

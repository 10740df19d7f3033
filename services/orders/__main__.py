"""`python -m orders`: the server, with one plain line for what keeps it from starting."""

import argparse
import asyncio
import signal
import socket
import sys
from types import FrameType

import uvicorn
from sqlalchemy import URL

from orders.app import create_app
from orders.database import DATABASE_ERRORS, Database
from orders.faults import Faults
from orders.settings import SettingError, Settings, require_writable

DEFAULT_PORT = 8000


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.from_environment()
        require_writable(settings.database_url)
        listener = _listen(options.host, options.port)
        asyncio.run(_require_database(settings.database_url))
        app = create_app(settings)
    except SettingError as error:
        print(f"orders: {error}", file=sys.stderr)  # noqa: T201 — a command's own output
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


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

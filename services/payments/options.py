"""The command line, by itself: what only reads it need not load the server."""

import argparse

DEFAULT_PORT = 8001


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser("payments", description="The payments service.")
    parse.add_argument("--host", default="127.0.0.1", help="address to listen on [%(default)s]")
    parse.add_argument("--port", type=port, default=DEFAULT_PORT, help="[%(default)s]")
    return parse


def port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) >= 65536:  # noqa: PLR2004 — TCP's bound
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number up to 65535")
    return int(text)

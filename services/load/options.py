"""The command line of `python -m load`, each value checked with a sentence."""

import argparse
import math
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
USERS, MOST_USERS = 20, 1000
# Of one customer, as many as it can ask for however slow some answers are.
REQUESTS_OF_A_CUSTOMER = 5


@dataclass(frozen=True)
class Options:
    host: str
    users: int
    spawn_rate: float
    run_time: float | None
    rate: float | None
    buying: int | None
    gentle: bool
    report: Path | None


def parse(arguments: list[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(
        "load", description="Mixed traffic against orders, with slow and failing requests in it."
    )
    parser.add_argument("--host", type=_host, default="http://127.0.0.1:8000", help="[%(default)s]")
    parser.add_argument(
        "--users", type=_users, help=f"customers at once [{USERS}, or a fifth of the rate if more]"
    )
    parser.add_argument(
        "--spawn-rate", type=_rate, default=10.0, help="customers started a second [%(default)s]"
    )
    parser.add_argument(
        "--run-time", "--time", type=_duration, default=60.0, help="such as 90s, 2m or 1h [60s]"
    )
    parser.add_argument(
        "--rate", type=_rate, help="requests a second of all customers [as many as they make]"
    )
    parser.add_argument(
        "--buying", type=_percent, help="of a hundred requests, so many buy [about 36]"
    )
    parser.add_argument(
        "--gentle", action="store_true", help="two requests a second until stopped, no report"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write what was counted to FILE, as JSON"
    )
    given = parser.parse_args(arguments)
    if given.gentle:
        return Options(given.host, 2, 2, None, None, None, gentle=True, report=given.report)
    return Options(
        given.host,
        given.users or _enough(given.rate),
        given.spawn_rate,
        given.run_time,
        given.rate,
        given.buying,
        gentle=False,
        report=given.report,
    )


def _enough(rate: float | None) -> int:
    return max(USERS, math.ceil((rate or 0) / REQUESTS_OF_A_CUSTOMER))


def _host(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable:
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as http://127.0.0.1:8000")
    return text.rstrip("/")


def _users(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= MOST_USERS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_USERS}")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= MOST_USERS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0, at most {MOST_USERS}")
    return rate


def _percent(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 100:  # noqa: PLR2004 — of a hundred
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 100")
    return int(text)


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d{1,6})([smh]?)", text, re.ASCII)
    if match is None or int(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 90s, 2m or 1h")
    return float(int(match[1]) * SECONDS[match[2]])

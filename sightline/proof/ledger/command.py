"""`sightline ledger`: traffic, and then the proof that nothing of it was lost; or where it was."""

import argparse
import json
import math
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from sightline.proof import addresses
from sightline.proof.addresses import AddressError, Addresses, Mode
from sightline.proof.ledger.audit import audit
from sightline.proof.ledger.entries import Share
from sightline.proof.ledger.run import Run, RunError, read_report
from sightline.proof.ledger.table import document, table
from sightline.proof.stores import StoreError

_FIRST_SCRAPE_SECONDS = 20.0
_SPAWNED_AT_ONCE = "100"  # customers a second, the most that Locust calls safe


class LedgerError(Exception):
    """What keeps the ledger from being drawn up, in one line with its remedy."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    run = parser.add_argument_group("the traffic")
    run.add_argument("--users", metavar="N", help="customers at once [20, or as the rate needs]")
    run.add_argument("--rate", metavar="N", help="requests a second [as many as they make]")
    run.add_argument("--buying", metavar="N", help="of a hundred requests, so many buy [about 36]")
    run.add_argument("--time", metavar="TIME", default="60s", help="such as 90s, 2m or 1h [60s]")
    run.add_argument(
        "--report", type=Path, metavar="FILE", help="no traffic: of the run that FILE tells of"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the ledger to FILE as well"
    )
    parser.add_argument(
        "--wait", type=_seconds, default=90.0, metavar="SECONDS", help="for the last to arrive [90]"
    )
    parser.add_argument(
        "--sampled",
        type=_share,
        metavar="SHARE",
        help="of traces that are kept [by OTEL_TRACES_SAMPLER_ARG and TAIL_SAMPLING_PERCENT]",
    )
    addresses.add_arguments(parser)


def run(arguments: argparse.Namespace, env: Mapping[str, str]) -> int:
    """The exit code: 0 equal, 1 not equal, 2 where the ledger could not be drawn up."""
    signal.signal(signal.SIGTERM, _interrupt)  # ends the traffic too
    try:
        _require_writable(arguments.json)
        found = addresses.locate(arguments, env)
        found.require()
        share = sampled(arguments.sampled, env, tail=found.mode is Mode.STACK)
        sent = read_report(arguments.report) if arguments.report else _send(found, arguments)
        drawn = audit(found, sent, share, arguments.wait, _say)
    except (AddressError, LedgerError, RunError, StoreError) as error:
        print(f"sightline ledger: {error}", file=sys.stderr)  # noqa: T201 — a command's own output
        return 2
    except KeyboardInterrupt:
        return 130
    _say(table(drawn))
    if arguments.json:
        arguments.json.write_text(json.dumps(document(drawn), indent=2) + "\n")
    return 0 if drawn.equal else 1


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _require_writable(path: Path | None) -> None:
    """Before the run, not after it."""
    if path is None:
        return
    try:
        path.open("a").close()
    except OSError as error:
        raise LedgerError(
            f"--json {path} cannot be written: {error.strerror}. Name a file in a folder of yours."
        ) from error


def _send(found: Addresses, arguments: argparse.Namespace) -> Run:
    _await_first_scrape(found)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "load", "--host", found.orders, "--report", str(report)]
        command += ["--spawn-rate", _SPAWNED_AT_ONCE, "--time", arguments.time]
        for name in ("users", "rate", "buying"):
            value = getattr(arguments, name)
            command += [f"--{name}", value] if value else []
        ended = subprocess.run(command, check=False)  # noqa: S603 — our own command
        if not report.exists():
            raise LedgerError(f"load sent nothing (it ended with {ended.returncode})")
        return read_report(report)


def _await_first_scrape(found: Addresses) -> None:
    """A counter without a sample before the run has no beginning to count from."""
    deadline = time.monotonic() + _FIRST_SCRAPE_SECONDS
    while not found.stores().promql('up{service_name="orders"} == 1'):
        if time.monotonic() > deadline:
            raise LedgerError(
                f"nobody scrapes orders: its `up` at {found.prometheus} is not 1."
                " Look at its targets; `sightline doctor` names the broken hop."
            )
        time.sleep(0.5)


def sampled(given: float | None, env: Mapping[str, str], *, tail: bool) -> Share:
    """What the services and the Collector were told, by the same environment."""
    if given is not None:
        return Share(given)
    sampler = env.get("OTEL_TRACES_SAMPLER", "")
    head = 1.0
    if sampler.endswith("traceidratio"):
        head = _ratio("OTEL_TRACES_SAMPLER_ARG", env.get("OTEL_TRACES_SAMPLER_ARG") or "1", 1)
    elif sampler.endswith("always_off"):
        head = 0.0
    kept = 1.0
    if tail and env.get("TAIL_SAMPLING"):
        percent = env.get("TAIL_SAMPLING_PERCENT") or "10"
        kept = _ratio("TAIL_SAMPLING_PERCENT", percent, 100)
    return Share(head, kept)


def _ratio(name: str, text: str, whole: float) -> float:
    try:
        value = float(text) / whole
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise LedgerError(f"{name}={text!r} is no number from 0 to {whole:g}")
    return value


def _share(text: str) -> float:
    try:
        return _ratio("--sampled", text, 1)
    except LedgerError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1") from error


def _seconds(text: str) -> float:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return float(text)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 — a command's own output

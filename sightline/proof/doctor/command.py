"""`sightline doctor`: its arguments, whom it asks, and its exit code."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sightline.proof import addresses
from sightline.proof.addresses import AddressError, Addresses, Mode
from sightline.proof.doctor import report
from sightline.proof.doctor.examination import examine
from sightline.proof.doctor.patient import Options, Patient
from sightline.proof.doctor.remedies import Remedies
from sightline.proof.http import Unreachable, request

_PLACES = ("prometheus", "loki", "tempo", "grafana", "viewer")
_PROBE_SECONDS = 3.0
_DEFAULTS = Options()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=_DEFAULTS.wait,
        metavar="SECONDS",
        help="how long the marked request may take to arrive [%(default)g]",
    )
    own = parser.add_argument_group("a service of your own")
    own.add_argument("--url", type=_url, help="GET this instead of placing an order with orders")
    own.add_argument("--service", default="", metavar="NAME", help="its service.name [found out]")
    own.add_argument(
        "--pushes",
        action="store_true",
        help="it pushes its metrics and sends no X-Request-ID (OpenTelemetry alone)",
    )
    own.add_argument("--stdout", type=Path, metavar="FILE", help="where its stdout is kept")
    addresses.add_arguments(parser)
    other = parser.add_argument_group("other parts")
    default = _DEFAULTS.collector
    shown = f"the Collector's own metrics [{default}]"
    other.add_argument(
        "--collector", type=addresses.address, default=default, metavar="URL", help=shown
    )


def run(arguments: argparse.Namespace, env: Mapping[str, str]) -> int:
    try:
        patient = _patient(arguments, env)
    except AddressError as error:
        print(f"sightline doctor: {error}", file=sys.stderr)  # noqa: T201 — a command's own output
        return 2
    if arguments.json:
        examination = examine(patient)
        _say(report.document(examination))
    else:
        _say(report.opening(patient))
        examination = examine(patient, lambda finding: _say(report.line(finding)))
        _say(report.verdict(examination))
    return 1 if examination.broken else 0


def _patient(arguments: argparse.Namespace, env: Mapping[str, str]) -> Patient:
    named = frozenset(name for name in _PLACES if getattr(arguments, name))
    places = _located(addresses.locate(arguments, env), named)
    options = Options(
        url=arguments.url or "",
        service=arguments.service,
        pushes=arguments.pushes,
        stdout=arguments.stdout,
        wait=arguments.wait,
        collector=arguments.collector,
        otlp_headers=_headers(env.get("OTEL_EXPORTER_OTLP_HEADERS", "")),
        token=env.get("GRAFANA_TOKEN", ""),
        named=named,
    )
    data = Path(env.get("SIGHTLINE_DATA") or ".sightline")
    remedies = Remedies(places.mode, bool(named), data, options.url)
    return Patient(places, options, remedies)


def _headers(text: str) -> dict[str, str]:
    """As OpenTelemetry writes them: key=value,key=value, percent-encoded."""
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {key.strip(): unquote(value.strip()) for key, _, value in pairs}


def _located(places: Addresses, named: frozenset[str]) -> Addresses:
    """Where Prometheus is what is broken, the rest of the stack still tells that it is one."""
    if places.mode is not Mode.NONE:
        return places
    if "viewer" in named:
        return replace(places, mode=Mode.VIEWER)
    others = (f"{places.loki}/ready", f"{places.tempo}/ready", f"{places.page}/api/health")
    if named or any(map(_answers, others)):
        return replace(places, mode=Mode.STACK)
    return places


def _answers(url: str) -> bool:
    try:
        request(url, timeout=_PROBE_SECONDS)
    except Unreachable:
        return False
    return True


def _url(text: str) -> str:
    addresses.address(text)  # raises where it is none
    parts = urlsplit(text)
    if parts.username or parts.password:
        raise argparse.ArgumentTypeError(
            "an address with a password in it would be shown; give one without"
        )
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:  # noqa: PLR2004 — ten minutes, far beyond any healthy way
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 to 600")
    return seconds


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 — a command's own output

"""Where things are: services, OTLP, stores, Grafana; and whether viewer or stack is up."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from sightline.neighbour import APPLICATION
from sightline.proof.http import Unreachable, request
from sightline.proof.stores import TIMEOUT_SECONDS, Stores

_PROBE_SECONDS = 10.0
_LAST_PORT = 65_535
TOKEN = "SIGHTLINE_TOKEN"  # noqa: S105 — the variable's name


class AddressError(Exception):
    """An address that cannot be used, or nobody at any; in one line with the remedy."""


class Mode(StrEnum):
    VIEWER = "viewer"  # one address answers the APIs of all three stores
    STACK = "stack"  # Prometheus, Loki and Tempo, each at its own
    NONE = "none"  # nobody answers


@dataclass(frozen=True)
class Addresses:
    """Base addresses, without a slash at their end; `mode` says who was found behind them."""

    mode: Mode
    orders: str
    payments: str
    otlp_http: str
    otlp_grpc: str
    prometheus: str
    loki: str
    tempo: str
    page: str  # Grafana, or the viewer's own page
    jaeger: str = "http://127.0.0.1:16686"  # where it stands in Tempo's place
    token: str = field(default="", repr=False)  # the viewer's, where it asks for one

    def stores(self, timeout: float = TIMEOUT_SECONDS) -> Stores:
        shown = self.headers(f"{self.page}/")
        return Stores(self.prometheus, self.loki, self.tempo, timeout=timeout, headers=shown)

    def headers(self, url: str) -> dict[str, str]:
        """What opens an address: the token for the viewer, and for nobody else."""
        its = self.mode is Mode.VIEWER and url.startswith(f"{self.page}/")
        return {"Authorization": f"Bearer {self.token}"} if self.token and its else {}

    def require(self) -> None:
        """Raise `AddressError` where no store was found."""
        if self.mode is Mode.NONE:
            raise AddressError(
                f"neither the viewer answers at {self.page} nor Prometheus at {self.prometheus}. "
                "Start one (make demo, or make up), or say where it is with --viewer or "
                "--prometheus, --loki and --tempo."
            )


# Flag, the environment variable of its port, the port's default, and what is there.
_PLACES: tuple[tuple[str, str, int, str], ...] = (
    ("orders", "ORDERS_PORT", 8000, "the service orders"),
    ("payments", "PAYMENTS_PORT", 8001, "the service payments"),
    ("otlp-http", "SIGHTLINE_OTLP_HTTP_PORT", 4318, "OTLP over HTTP"),
    ("otlp-grpc", "SIGHTLINE_OTLP_GRPC_PORT", 4317, "OTLP over gRPC"),
    ("prometheus", "PROMETHEUS_PORT", 9090, "Prometheus, or what answers as it does"),
    ("loki", "LOKI_PORT", 3100, "Loki, or what answers as it does"),
    ("tempo", "TEMPO_PORT", 3200, "Tempo, or what answers as it does"),
    ("jaeger", "JAEGER_PORT", 16686, "Jaeger, where it stands in Tempo's place"),
    ("grafana", "SIGHTLINE_PORT", 3000, "Grafana"),
)
_STORES = ("prometheus", "loki", "tempo")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("where things are")
    for name, variable, port, text in _PLACES:
        shown = f"{text} [http://127.0.0.1:{port}; its port: {variable}]"
        where.add_argument(f"--{name}", metavar="URL", type=address, help=shown)
    shown = "the viewer, which answers for all three stores [http://127.0.0.1:3000, if it is there]"
    where.add_argument("--viewer", metavar="URL", type=address, help=shown)


def locate(arguments: argparse.Namespace, env: Mapping[str, str]) -> Addresses:
    """By flags, then by the environment's ports; finds out whether viewer or stack is up.

    Raise `AddressError` for a port that is none; whether anybody answers, `mode` says.
    """
    given = {name: getattr(arguments, name.replace("-", "_"), None) for name, *_ in _PLACES}
    found = {
        name: given[name] or f"http://127.0.0.1:{_port(env, variable, port)}"
        for name, variable, port, _ in _PLACES
    }
    viewer = getattr(arguments, "viewer", None)
    if viewer is None and not any(given[name] for name in _STORES) and is_viewer(found["grafana"]):
        viewer = found["grafana"]
    if viewer is not None:
        found |= dict.fromkeys((*_STORES, "grafana"), viewer)
        mode = Mode.VIEWER if is_viewer(viewer) else Mode.NONE
    else:
        mode = Mode.STACK if is_prometheus(found["prometheus"]) else Mode.NONE
    page = found.pop("grafana")
    places = {name.replace("-", "_"): at for name, at in found.items()}
    return Addresses(mode, page=page, token=env.get(TOKEN, ""), **places)


def is_viewer(url: str) -> bool:
    try:
        answer = request(f"{url}/healthz", timeout=_PROBE_SECONDS)
        known = answer.json()
    except (Unreachable, ValueError):
        return False
    return isinstance(known, dict) and known.get("application") == APPLICATION


def is_prometheus(url: str) -> bool:
    """One that answers its query API; it may yet be replaying its log and not be ready."""
    try:
        answer = request(f"{url}/api/v1/query?query=1", timeout=_PROBE_SECONDS)
        known = answer.json()
    except (Unreachable, ValueError):
        return False
    return isinstance(known, dict) and "status" in known


def address(text: str) -> str:
    """For argparse: an http address, without the slash at its end."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable:
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as http://127.0.0.1:9090")
    return text.rstrip("/")


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _LAST_PORT:
        raise AddressError(f"{name}={text!r} is not a port: give a number from 1 to {_LAST_PORT}")
    return int(text)

"""The viewer's settings: flags, then SIGHTLINE_* variables, then defaults."""

import argparse
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_LAST_PORT = 65_535
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])i?B?", re.IGNORECASE)
_BYTES = {"K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


class SettingError(Exception):
    """A setting that cannot be used, in one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Target:
    """A `/metrics` to scrape; `job` becomes the label of that name."""

    job: str
    url: str

    @property
    def instance(self) -> str:
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"{parts.hostname}:{port}"


@dataclass(frozen=True, slots=True)
class Settings:
    host: str = "127.0.0.1"
    port: int = 3000
    otlp_http_port: int = 4318
    otlp_grpc_port: int = 4317
    data: Path | None = None  # None keeps everything in memory
    retention_seconds: float = 24 * 3600
    max_bytes: int = 2 * 1024**3
    targets: tuple[Target, ...] = ()
    scrape_seconds: float = 5
    environment: str = ""
    durable: bool = False
    allowed_hosts: frozenset[str] = field(default_factory=frozenset)


_FLAGS: tuple[tuple[str, str, str, str], ...] = (
    ("host", "ADDRESS", "127.0.0.1", "address to listen on; only loopback for now"),
    ("port", "PORT", "3000", "the page and the query APIs"),
    ("otlp-http-port", "PORT", "4318", "OTLP over HTTP"),
    ("otlp-grpc-port", "PORT", "4317", "OTLP over gRPC"),
    ("data", "FOLDER", "", "where telemetry is kept (default: $XDG_STATE_HOME/sightline/viewer)"),
    ("retention", "AGE", "24h", "how long it is kept: 90m, 24h, 7d"),
    ("max-size", "SIZE", "2GB", "how large it may grow: 500MB, 2GB"),
    ("scrape-interval", "AGE", "5s", "time between two scrapes of a target"),
    ("environment", "NAME", "", "deployment_environment_name of scraped targets"),
    ("allow-host", "NAMES", "", "further Host headers to answer, comma-separated"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name, shape, default, text in _FLAGS:
        shown = f"{text} [{variable(name)}{f', {default}' if default else ''}]"
        parser.add_argument(f"--{name}", metavar=shape, help=shown)
    parser.add_argument(
        "--scrape",
        metavar="NAME=URL",
        action="append",
        help="a Prometheus endpoint to scrape, e.g. orders=http://127.0.0.1:8000/metrics;"
        f" may be given again [{variable('scrape')}, comma-separated]",
    )
    parser.add_argument(
        "--memory", action="store_true", help=f"keep nothing on disk [{variable('memory')}]"
    )
    parser.add_argument(
        "--durable",
        action="store_true",
        help=f"acknowledge telemetry only once it is on disk [{variable('durable')}]",
    )


def variable(flag: str) -> str:
    """The environment variable of a flag."""
    return "SIGHTLINE_" + flag.upper().replace("-", "_")


def settings(arguments: argparse.Namespace, env: Mapping[str, str]) -> Settings:
    """Raise `SettingError` naming the flag, the value and the remedy."""
    given = {
        name: getattr(arguments, name.replace("-", "_")) or env.get(variable(name)) or default
        for name, _, default, _ in _FLAGS
    }
    memory = arguments.memory or _switch("memory", env)
    scrape = arguments.scrape or [
        part for part in env.get(variable("scrape"), "").split(",") if part
    ]
    return Settings(
        host=_loopback(given["host"]),
        port=_port("port", given["port"]),
        otlp_http_port=_port("otlp-http-port", given["otlp-http-port"]),
        otlp_grpc_port=_port("otlp-grpc-port", given["otlp-grpc-port"]),
        data=None if memory else _folder(given["data"], env),
        retention_seconds=_duration("retention", given["retention"]),
        max_bytes=_size("max-size", given["max-size"]),
        targets=tuple(_target(text.strip()) for text in scrape),
        scrape_seconds=_duration("scrape-interval", given["scrape-interval"]),
        environment=given["environment"],
        durable=arguments.durable or _switch("durable", env),
        allowed_hosts=frozenset(h.strip().lower() for h in given["allow-host"].split(",") if h),
    )


def _folder(given: str, env: Mapping[str, str]) -> Path:
    if given:
        return Path(given).expanduser()
    state = env.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "sightline" / "viewer"


def _loopback(host: str) -> str:
    try:
        inside = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise SettingError(
            f"--host {host!r}: the viewer shows all telemetry to whoever reaches it, so it listens"
            " on this machine only. Use 127.0.0.1, and reach it from elsewhere through SSH:"
            " ssh -L 3000:127.0.0.1:3000 this-machine"
        )
    return host


def _port(flag: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _LAST_PORT:
        raise SettingError(f"--{flag} {text!r} is not a port: give a number from 1 to {_LAST_PORT}")
    return int(text)


def _duration(flag: str, text: str) -> float:
    found = _DURATION.fullmatch(text)
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0
    if not seconds:
        raise SettingError(f"--{flag} {text!r} is not a time: give e.g. 5s, 90m, 24h or 7d")
    return seconds


def _size(flag: str, text: str) -> int:
    found = _SIZE.fullmatch(text)
    size = int(float(found[1]) * _BYTES[found[2].upper()]) if found else 0
    if not size:
        raise SettingError(f"--{flag} {text!r} is not a size: give e.g. 500MB or 2GB")
    return size


def _target(text: str) -> Target:
    job, _, url = text.partition("=")
    try:
        parts = urlsplit(url)
        usable = bool(job and parts.scheme in {"http", "https"} and parts.hostname)
        usable = usable and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise SettingError(
            f"--scrape {text!r} is not a target: give NAME=URL,"
            " e.g. orders=http://127.0.0.1:8000/metrics"
        )
    return Target(job, url)


def _switch(flag: str, env: Mapping[str, str]) -> bool:
    text = env.get(variable(flag), "").strip().lower()
    if text in {"", "0", "false", "no", "off"}:
        return False
    if text in {"1", "true", "yes", "on"}:
        return True
    raise SettingError(f"{variable(flag)}={text!r} is neither on nor off: give 1 or 0")

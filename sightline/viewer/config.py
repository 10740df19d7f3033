"""The viewer's settings: flags, then SIGHTLINE_* variables, then a file, then defaults."""

import argparse
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sightline.viewer import setting
from sightline.viewer.config_file import DEFAULT, read_file
from sightline.viewer.options import OPTIONS, Option, add_arguments, variable
from sightline.viewer.rules.shipped import shipped_rules
from sightline.viewer.setting import Given, SettingError, Target

__all__ = ["SettingError", "Settings", "Target", "add_arguments", "settings", "variable"]

T = TypeVar("T")
NO_RULES = "none"
_MOST_KEYS = 2


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
    rules: Path | None = None  # None evaluates none; `settings` gives the shipped ones
    evaluation_seconds: float = 15
    dashboards: Path | None = None  # the user's own; the shipped ones are there in any case
    environment: str = ""
    durable: bool = False
    allowed_hosts: frozenset[str] = field(default_factory=frozenset)
    file: Path | None = None  # where settings were read from
    token: str = field(default="", repr=False)
    otlp_keys: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_local(self) -> bool:
        """Only this machine can reach it."""
        return setting.is_loopback(self.host)

    @property
    def known_hosts(self) -> frozenset[str]:
        """What it may be called besides the names of this machine: its own address, for one."""
        return self.allowed_hosts | {self.host}


def settings(arguments: argparse.Namespace, env: Mapping[str, str]) -> Settings:
    """Raise `SettingError` naming the setting, the value and the remedy."""
    path = _file(arguments, env)
    given = _Given(arguments, env, read_file(path) if path else {})
    memory = given.one("memory", setting.switch)
    found = Settings(
        host=given.one("host", setting.address),
        port=given.one("port", setting.port),
        otlp_http_port=given.one("otlp-http-port", setting.port),
        otlp_grpc_port=given.one("otlp-grpc-port", setting.port),
        data=None if memory else _folder(given.one("data", _text), env),
        retention_seconds=given.one("retention", setting.duration),
        max_bytes=given.one("max-size", setting.size),
        targets=given.all("scrape", setting.target),
        scrape_seconds=given.one("scrape-interval", setting.duration),
        rules=given.one("rules", _rules),
        evaluation_seconds=given.one("evaluation-interval", setting.duration),
        dashboards=given.one("dashboards", _dashboards),
        environment=given.one("environment", _text),
        durable=given.one("durable", setting.switch),
        allowed_hosts=frozenset(given.all("allow-host", _host_name)),
        file=path,
        token=given.secret("token"),
        otlp_keys=given.all("otlp-keys", setting.secret),
    )
    _require_ports_of_their_own(found)
    _require_secrets(found)
    return found


class _Given:
    """What was given for each option, wherever it goes first."""

    def __init__(
        self, arguments: argparse.Namespace, env: Mapping[str, str], file: dict[str, list[Given]]
    ) -> None:
        self._arguments = arguments
        self._env = env
        self._file = file

    def one(self, name: str, read: Callable[[Given], T]) -> T:
        return read(self._all(OPTIONS[name])[-1])

    def all(self, name: str, read: Callable[[Given], T]) -> tuple[T, ...]:
        return tuple(read(each) for each in self._all(OPTIONS[name]) if each.text.strip())

    def secret(self, name: str) -> str:
        return next(iter(self.all(name, setting.secret)), "")

    def _all(self, option: Option) -> list[Given]:
        name = option.name
        flag = getattr(self._arguments, name.replace("-", "_"), None)
        if flag:
            values = flag if isinstance(flag, list) else [str(flag)]
            return [Given(each, f"--{name} {each!r}") for each in values]
        if text := self._env.get(variable(name)):
            values = text.split(",") if option.kind == "list" else [text]
            return [Given(each, _said(option, each)) for each in values]
        return self._file.get(name) or [Given(option.default, f"--{name}")]


def _said(option: Option, value: str) -> str:
    return variable(option.name) + ("" if option.secret else f"={value!r}")


def _file(arguments: argparse.Namespace, env: Mapping[str, str]) -> Path | None:
    named = getattr(arguments, "config", None) or env.get(variable("config"))
    if named:
        return Path(named).expanduser()
    return DEFAULT if DEFAULT.is_file() else None


def _rules(given: Given) -> Path | None:
    if given.text == NO_RULES:
        return None
    return Path(given.text).expanduser() if given.text else shipped_rules()


def _dashboards(given: Given) -> Path | None:
    if not given.text:
        return None
    folder = Path(given.text).expanduser()
    if not folder.is_dir():
        raise SettingError(
            f"{given.source} is no folder: name one that holds dashboards exported from Grafana"
        )
    return folder


def _text(given: Given) -> str:
    return given.text


def _host_name(given: Given) -> str:
    return given.text.strip().lower()


def _folder(given: str, env: Mapping[str, str]) -> Path:
    if given:
        return Path(given).expanduser()
    state = env.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "sightline" / "viewer"


def _require_ports_of_their_own(found: Settings) -> None:
    ports = {
        "port": found.port,
        "otlp-http-port": found.otlp_http_port,
        "otlp-grpc-port": found.otlp_grpc_port,
    }
    for one, other in itertools.combinations(ports, 2):
        if ports[one] == ports[other]:
            raise SettingError(
                f"--{one} and --{other} are both {ports[one]}: give each a port of its own"
            )


def _require_secrets(found: Settings) -> None:
    if len(found.otlp_keys) > _MOST_KEYS:
        raise SettingError(
            f"{variable('otlp-keys')} has {len(found.otlp_keys)} keys: give one, or two while one"
            " replaces the other"
        )
    missing = [
        variable(name)
        for name, there in (("token", found.token), ("otlp-keys", found.otlp_keys))
        if not there
    ]
    if missing and not found.is_local:
        raise SettingError(
            f"--host {found.host!r}: whoever reaches the viewer sees all telemetry, so beyond this"
            f" machine it asks for a token and for keys: set {' and '.join(missing)}. Or use"
            " 127.0.0.1, and reach it through SSH:"
            f" ssh -L {found.port}:127.0.0.1:{found.port} this-machine"
        )

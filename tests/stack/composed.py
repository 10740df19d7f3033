"""What docker-compose.yml says of a service: the tests run its command line and environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
VARIABLE = re.compile(r"\$\{(\w+)(?::([-+])((?:[^{}]|\{[^{}]*\})*))?\}")


@dataclass(frozen=True)
class Composed:
    name: str
    command: list[str]
    environment: dict[str, str]
    volumes: dict[str, str]  # folder in the container -> named volume, or path in the repository


def services(settings: Mapping[str, str] | None = None) -> dict[str, Composed]:
    """The services of a `docker compose up` with these settings, interpolated as compose does."""
    given = dict(settings or {})
    main = _load(ROOT / "docker-compose.yml", given)
    for included in main["include"]:
        path = ROOT / included
        for name, body in _load(path, given)["services"].items():
            main["services"][name] = {**body, "folder": path.parent}
    return {name: _composed(name, body) for name, body in main["services"].items()}


def _load(path: Path, settings: Mapping[str, str]) -> dict[str, Any]:
    text = path.read_text()
    body: dict[str, Any] = yaml.safe_load(_interpolate(text, settings))
    return body


def _interpolate(text: str, settings: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name, operator, word = match.groups()
        found = settings.get(name, "")
        if operator == "+":
            return word if found else ""
        return found or word or ""

    # `$$` is compose's way to write `$`; it must not meet the pattern.
    return VARIABLE.sub(value, text.replace("$$", "\0")).replace("\0", "$")


def _composed(name: str, body: dict[str, Any]) -> Composed:
    command = body.get("command", [])
    folder = body.get("folder", ROOT)
    mounts = [mount.split(":")[:2] for mount in body.get("volumes", [])]
    return Composed(
        name=name,
        command=command.split() if isinstance(command, str) else [str(c) for c in command],
        environment={k: str(v) for k, v in (body.get("environment") or {}).items()},
        volumes={
            there: os.path.normpath(folder / here) if here.startswith(".") else here
            for here, there in mounts
        },
    )

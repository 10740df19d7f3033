"""Settings from a TOML file: flat, its keys named as the flags are."""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sightline.viewer.options import OPTIONS, Option
from sightline.viewer.setting import Given, SettingError

DEFAULT = Path("sightline.toml")  # in the folder where the command is run
_OTHERS = 0o077
_KINDS = {"switch": "true or false", "list": "a list of texts", "text": "a text or a number"}


def read_file(path: Path) -> dict[str, list[Given]]:
    """By option; raise `SettingError` naming the key that is unknown or of another kind."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(
            f"cannot read {path}: {error.strerror}. Name another: --config FILE"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} is not TOML: {error}") from error
    for key in found:
        if key not in OPTIONS:
            raise SettingError(_unknown(path, key))
    _require_private(path, found)
    return {key: _given(path, OPTIONS[key], value) for key, value in found.items()}


def _given(path: Path, option: Option, value: Any) -> list[Given]:
    if option.name == "scrape" and isinstance(value, dict):
        value = [f"{name}={url}" for name, url in value.items()]
    values = value if isinstance(value, list) and option.kind == "list" else [value]
    return [_one(path, option, each) for each in values]


def _one(path: Path, option: Option, value: Any) -> Given:
    shown = "" if option.secret else f" = {value!r}"
    wanted: tuple[type, ...] = (bool,) if option.kind == "switch" else (str, int)
    if not isinstance(value, wanted) or (option.kind != "switch" and isinstance(value, bool)):
        raise SettingError(f"{option.name}{shown} in {path} is not {_KINDS[option.kind]}")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Given(text, f"{option.name}{shown} in {path}")


def _unknown(path: Path, key: str) -> str:
    near = difflib.get_close_matches(key.replace("_", "-"), OPTIONS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(OPTIONS)}"
    return f"{key!r} in {path} is no setting: {hint}"


def _require_private(path: Path, found: Mapping[str, Any]) -> None:
    secrets = [key for key in found if OPTIONS[key].secret]
    if secrets and path.stat().st_mode & _OTHERS:
        raise SettingError(
            f"{path} holds {' and '.join(secrets)}, and others on this machine can read it:"
            f" chmod 600 {path}"
        )

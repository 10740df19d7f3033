"""Rule files: read as Prometheus reads them, and refused in one line that names file and rule."""

from pathlib import Path
from typing import NamedTuple

import yaml

from sightline.viewer.rules.fields import BadField, Group, groups_of

# The loader in C, where there is one: the viewer waits for it at its start.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadRules(Exception):  # noqa: N818 — reads as what they are
    """Rules that cannot be used, in one line with the remedy."""


class Written(NamedTuple):
    """A group, and the file it stands in."""

    file: str
    group: Group


def load(folder: Path) -> list[Written]:
    """The groups of every `*.yml` and `*.yaml`, in the order of the files' names."""
    if not folder.is_dir():
        raise BadRules(f"{folder} is no folder: name one that holds Prometheus' rule files")
    paths = sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")])
    if not paths:
        raise BadRules(f"{folder} holds no rule file: put one there that ends in .yml")
    return [Written(str(path), group) for path in paths for group in _groups(path)]


def _groups(path: Path) -> list[Group]:
    try:
        return groups_of(yaml.load(path.read_text(encoding="utf-8"), _LOADER))  # noqa: S506 — a safe one
    except (OSError, UnicodeDecodeError) as error:
        raise BadRules(f"{path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise BadRules(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    except BadField as error:
        raise BadRules(f"{path}: {error}") from error

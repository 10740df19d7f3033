"""Which stacks are asked: the stores' servers, the viewer in their place, a running compose."""

import os
from pathlib import Path

import pytest
from engine import Engine
from servers import RELEASES, find
from system import System
from viewer_cannot import CANNOT
from viewer_in_place import ViewerInPlace

Stack = System | Engine
FIXTURE = "system"
HERE = Path(__file__).parent
STARTED = ("stores", "viewer")
FAULTS = {"SIGHTLINE_FAULTS": "1"}


def asked() -> list[str]:
    """Both that can be started here, unless STACK names one."""
    named = os.environ.get("STACK")
    if named not in {None, "", "stores", "viewer", "compose"}:
        raise pytest.UsageError(f"STACK={named!r} is none of stores, viewer and compose")
    return [named] if named else list(STARTED)


def make(name: str, folder: Path) -> Stack:
    if name == "compose":
        return Engine()
    if name == "viewer":
        return ViewerInPlace(folder, FAULTS)
    find_servers()
    return System(folder, FAULTS)


def find_servers() -> None:
    """Builds those that this machine has not and that can be built."""
    for name in ("prometheus", "loki", "otelcol"):
        find(RELEASES[name])


def of(item: pytest.Item) -> str | None:
    """The stack that a test asks; None where it starts what it needs itself."""
    callspec = getattr(item, "callspec", None)
    return callspec.params.get(FIXTURE) if callspec else None


def turn(item: pytest.Item) -> tuple[int, bool]:
    """One stack after the other, and last what starts, or kills, processes of its own."""
    of_an_engine = item.path.parent.name == "compose"
    return ["stores", "compose", "viewer", None].index(of(item)), of_an_engine


def is_aside(item: pytest.Item) -> bool:
    """Asks no stack, where one stack alone was named."""
    return len(asked()) == 1 and of(item) is None


def cannot(item: pytest.Item) -> str | None:
    """Why the viewer cannot answer what a test asks of it; it must fail then."""
    return CANNOT.get(question(item)) if of(item) == "viewer" else None


def require_questions_for_the_list(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuses an entry of the list that names no question, where all questions are there."""
    whole = config.args in (["tests/stack"], [str(HERE)]) and not config.option.keyword
    asked_of_viewer = {question(item) for item in items if of(item) == "viewer"}
    if whole and asked_of_viewer and (unknown := CANNOT.keys() - asked_of_viewer):
        raise pytest.UsageError(f"viewer_cannot.py names no question of these: {sorted(unknown)}")


def question(item: pytest.Item) -> str:
    """A test's name without the stack that it asks."""
    name, _, parameters = item.name.partition("[")
    rest = parameters.removesuffix("]").replace("viewer", "", 1).strip("-")
    rest = rest.encode().decode("unicode_escape")  # as it was before pytest made it ASCII
    return f"{name}[{rest}]" if rest else name

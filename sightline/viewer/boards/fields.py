"""What a JSON written by others holds, where it is of the kind that is wanted."""

from collections.abc import Iterable
from typing import Any, TypeGuard

Fields = dict[str, Any]


def fields(value: Any) -> Fields:
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def items(value: Any) -> list[Fields]:
    """The objects of a list; what else is in it is passed over."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(value: Any, least: int, most: int, otherwise: int) -> int:
    return min(max(int(value), least), most) if is_number(value) else otherwise


def only(given: Fields, kind: type, names: Iterable[str]) -> Fields:
    """Those of the names that hold such a value."""
    return {name: given[name] for name in names if isinstance(given.get(name), kind)}

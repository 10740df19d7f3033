"""Regular expressions as Prometheus has them: RE2, anchored at both ends, in linear time."""

from collections.abc import Callable, Mapping
from typing import Protocol, cast

import re2  # type: ignore[import-untyped] # it brings no types

from sightline.viewer.promql.errors import ExecutionError


class Match(Protocol):
    def __getitem__(self, group: int | str) -> str | None: ...


class Pattern(Protocol):
    groups: int
    groupindex: Mapping[str, int]

    def fullmatch(self, text: str) -> Match | None: ...


def compiled(pattern: str) -> Pattern:
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    try:
        return cast("Pattern", re2.compile(pattern, options))
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if error.args else ""
        raise ExecutionError(f"invalid regular expression {pattern!r}: {reason}") from None


def fits(pattern: str) -> Callable[[str], bool]:
    """A test of whole values."""
    whole = compiled(pattern).fullmatch
    return lambda value: whole(value) is not None

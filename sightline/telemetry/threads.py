"""A request's ids in threads whose class overrides `run`, which OpenTelemetry's own leaves out."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from opentelemetry import context
from opentelemetry.context import Context

# OpenTelemetry wraps `run` of these two; whoever overrides it goes past that.
_FOLLOWED = (threading.Thread, threading.Timer)


def follow_subclasses() -> None:
    start = threading.Thread.start
    if getattr(start, "_sightline_follows", False):
        return

    @wraps(start)
    def start_following(thread: threading.Thread) -> None:
        current = context.get_current()
        if current and not _is_followed(thread):
            # On the thread itself, where it goes before the class's own.
            thread.run = _within(current, thread.run, thread)  # type: ignore[method-assign]
        start(thread)

    start_following._sightline_follows = True  # type: ignore[attr-defined]  # noqa: SLF001 — our own mark
    threading.Thread.start = start_following  # type: ignore[method-assign,assignment]


def _is_followed(thread: threading.Thread) -> bool:
    definer = next(kind for kind in type(thread).__mro__ if "run" in vars(kind))
    return "run" in vars(thread) or definer in _FOLLOWED


def _within(current: Context, run: Callable[[], None], thread: threading.Thread) -> Any:
    def run_within() -> None:
        vars(thread).pop("run", None)  # or the thread would hold itself
        token = context.attach(current)
        try:
            run()
        finally:
            context.detach(token)

    return run_within

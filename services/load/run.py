"""One run of Locust in this process: start, tell how it goes, end in order."""

import json
import logging
import signal
import time
import urllib.error
import urllib.request
from types import TracebackType
from typing import Self

import gevent  # type: ignore[import-untyped] # ships no types
from locust.env import Environment

from load import report
from load.customers import Customer, GentleCustomer, customers, tally
from load.options import Options
from load.telemetry import tracing

PROGRESS_SECONDS = 5.0
# The answers of the last requests are waited for, so that sent and answered can be compared.
LAST_ANSWERS_SECONDS = 15.0


class TargetError(Exception):
    """Why there is nothing to send traffic to, in one line with the remedy."""


class Run:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._environment = Environment(
            user_classes=[_kind_of(options)],
            host=options.host,
            stop_timeout=LAST_ANSWERS_SECONDS,
        )
        self._runner = self._environment.create_local_runner()

    def __enter__(self) -> Self:
        tracing.start()
        for number in (signal.SIGINT, signal.SIGTERM):
            gevent.signal_handler(number, self._end)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tracing.stop()

    def go(self) -> int:
        """Until the time is up or a signal comes; the exit code."""
        began = time.monotonic()
        tally.begin()
        self._runner.start(self._options.users, spawn_rate=self._options.spawn_rate)
        if self._options.run_time is not None:
            gevent.spawn_later(self._options.run_time, self._end)
        if not self._options.gentle:
            gevent.spawn(self._tell, began)
        self._runner.greenlet.join()
        tally.end()
        if self._options.report is not None:
            self._options.report.write_text(json.dumps(tally.document(), indent=2) + "\n")
        if self._options.gentle:
            return 0
        seconds, rate = time.monotonic() - began, self._options.rate
        _say(report.summary(seconds, self._environment.stats, tally, rate))
        return self._verdict()

    def _end(self) -> None:
        if self._runner.state not in {"stopping", "stopped"}:
            gevent.spawn(self._runner.quit)

    def _tell(self, began: float) -> None:
        while True:
            gevent.sleep(PROGRESS_SECONDS)
            if self._runner.state not in {"spawning", "running"}:
                return
            seconds = time.monotonic() - began
            stats, users = self._environment.stats, self._runner.user_count
            _say(report.progress(seconds, users, stats, tally))

    def _verdict(self) -> int:
        for broken in self._runner.exceptions.values():
            _say(f"A customer broke: {broken['msg']}\n{broken['traceback']}")
        return 1 if tally.unexpected or self._runner.exceptions or not tally.sent else 0


def _kind_of(options: Options) -> type[Customer]:
    if options.gentle:
        return GentleCustomer
    return customers(options.users, options.rate, options.buying)


def require_target(host: str) -> None:
    try:
        # S310: options.py lets only http and https through
        with urllib.request.urlopen(f"{host}/health", timeout=5):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        with error:
            raise TargetError(
                f"{host}/health answers {error.code}: orders is there but not well. "
                "Look at its log, and at its database."
            ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise TargetError(
            f"nothing answers at {host} ({reason}). "
            "Start the services (make demo or make up), or name another address with --host."
        ) from error


class OnceFilter(logging.Filter):
    """Lets the first complaint about telemetry's own export through, and no other."""

    def __init__(self) -> None:
        super().__init__()
        self._complained = False

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("opentelemetry."):
            return True
        complained, self._complained = self._complained, True
        return not complained


def configure_logging() -> None:
    handler = logging.StreamHandler()
    handler.addFilter(OnceFilter())
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 — a command's own output

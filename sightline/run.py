"""`sightline run -- COMMAND`: a program in any language, with a viewer beside it."""

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sightline import foreground, neighbour
from sightline.child_environment import ENDPOINT, child_environment
from sightline.viewer.config import SettingError, Settings, settings
from sightline.viewer.greeting import own_host, page_url
from sightline.viewer.options import view_flags

DESCRIPTION = """\
Run a program, in any language, with the viewer beside it. A viewer that answers already at --port
is used; if none does, one is started, and ends with the program. The program finds the standard
OTEL_* variables set, other than those its user has set already; what it does with the terminal, its
signals and its exit code are its own.
"""
EXAMPLES = """\
examples:
  sightline run -- uvicorn app:app --reload
  sightline run --scrape app=http://127.0.0.1:8000/metrics -- uvicorn app:app
  sightline run --service shop --keep -- node server.js
  sightline run --memory -- pytest
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "sightline run [options] -- COMMAND [ARGUMENT ...]"
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    group = parser.add_argument_group("the program")
    group.add_argument(
        "--service",
        metavar="NAME",
        default="",
        help="its name (default: OTEL_SERVICE_NAME, or the folder's)",
    )
    group.add_argument("--keep", action="store_true", help="leave the viewer running afterwards")
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace, env: Mapping[str, str]) -> int:
    try:
        command = _command(arguments.command)
        wanted = settings(arguments, env)
        # Before a viewer is started for nothing.
        foreground.require(command)
        return _run(command, wanted, arguments, env)
    except foreground.ForegroundError as error:
        _say(str(error))
        return error.code
    except (SettingError, neighbour.NeighbourError) as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _command(given: Sequence[str]) -> Sequence[str]:
    command = given[1:] if given[:1] == ["--"] else given
    if not command:
        raise SettingError("name a command: sightline run -- uvicorn app:app")
    return command


def _run(
    command: Sequence[str], wanted: Settings, arguments: argparse.Namespace, env: Mapping[str, str]
) -> int:
    with _viewer(wanted, arguments) as viewer:
        added = child_environment(
            env,
            host=own_host(wanted),
            http_port=viewer.otlp_http_port,
            grpc_port=viewer.otlp_grpc_port,
            key=next(iter(wanted.otlp_keys), ""),
            service=arguments.service,
            folder=Path.cwd().name,
        )
        if ENDPOINT not in added:
            _say(f"telemetry goes to {ENDPOINT}={env[ENDPOINT]}, as you set it")
        return foreground.run(command, added)


@contextlib.contextmanager
def _viewer(wanted: Settings, arguments: argparse.Namespace) -> Iterator[neighbour.Viewer]:
    url = page_url(wanted)
    found = neighbour.find(url, wanted.token)
    if found is not None:
        _say(f"viewer at {url}, which runs already")
        with _scraped(found, wanted):
            yield found
        return
    flags = view_flags(arguments)
    with neighbour.started(url, flags, token=wanted.token, keep=arguments.keep) as ours:
        kept = f", kept afterwards; end it with: kill {ours.process_id}" if arguments.keep else ""
        _say(f"viewer at {url}{kept}")
        yield ours


@contextlib.contextmanager
def _scraped(viewer: neighbour.Viewer, wanted: Settings) -> Iterator[None]:
    """By a viewer that runs already: for as long as the program does."""
    for target in wanted.targets:
        viewer.scrape(*target)
    try:
        yield
    finally:
        for target in wanted.targets:
            # A viewer that has ended meanwhile scrapes nothing any more.
            with contextlib.suppress(neighbour.NeighbourError):
                viewer.scrape(*target, method="DELETE")


def _say(message: str) -> None:
    # Standard output is the program's alone.
    print(f"sightline run: {message}", file=sys.stderr, flush=True)  # noqa: T201 — a command's own output

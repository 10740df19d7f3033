"""The command line: `sightline view` and what stands beside it."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sightline import unheard

_VIEW = """\
Receive logs, metrics and traces by OTLP, scrape metrics, and show them on one page. Any program
that exports by OTLP can send, in any language; a service is there from its first request on.
"""


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser(words[0] if words else "").parse_args(words)
    try:
        return int(arguments.run(arguments))
    except BrokenPipeError:  # whoever read what it says has gone (`| head`)
        unheard.silence(sys.stdout)
        return unheard.EXIT_CODE


def _parser(asked: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sightline", description="From a log line to its trace, in one click."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, (text, prepare) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=f"{text.capitalize()}.")
        if name == asked:
            prepare(command)
    return parser


# Each imports what it needs only when it is the one that is asked for: the viewer's libraries are
# an extra, and no command should wait for what another one asks with.


def _prepare_view(parser: argparse.ArgumentParser) -> None:
    from sightline.viewer import options  # noqa: PLC0415 — see above

    parser.description = _VIEW
    options.add_arguments(parser)
    parser.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(run=_view)


def _view(arguments: argparse.Namespace) -> int:
    from sightline.viewer import launch  # noqa: PLC0415 — see above

    return launch.run(arguments, os.environ)


def _prepare_run(parser: argparse.ArgumentParser) -> None:
    from sightline import run  # noqa: PLC0415 — see above
    from sightline.viewer import options  # noqa: PLC0415 — see above

    options.add_arguments(parser)
    run.add_arguments(parser)
    parser.set_defaults(run=lambda arguments: run.run(arguments, os.environ))


def _prepare_demo(parser: argparse.ArgumentParser) -> None:
    folder = os.environ.get("SIGHTLINE_DATA") or ".sightline"
    parser.add_argument("--data", type=Path, default=Path(folder), help="where it keeps its data")
    parser.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    from sightline import demo  # noqa: PLC0415 — see above

    return demo.run(arguments.data)


def _prepare_ledger(parser: argparse.ArgumentParser) -> None:
    from sightline.proof.ledger import command  # noqa: PLC0415 — see above

    command.add_arguments(parser)
    parser.set_defaults(run=lambda arguments: command.run(arguments, os.environ))


def _prepare_doctor(parser: argparse.ArgumentParser) -> None:
    from sightline.proof.doctor import command  # noqa: PLC0415 — see above

    command.add_arguments(parser)
    parser.set_defaults(run=lambda arguments: command.run(arguments, os.environ))


def _prepare_drill(parser: argparse.ArgumentParser) -> None:
    from sightline.proof.drill import command  # noqa: PLC0415 — see above

    command.add_arguments(parser)
    parser.set_defaults(run=lambda arguments: command.run(arguments, os.environ))


_COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "view": ("receive OTLP, scrape metrics, keep both and show them on one page", _prepare_view),
    "run": (
        "run a program with its telemetry led to the viewer, started if none runs",
        _prepare_run,
    ),
    "demo": ("viewer, orders, payments and gentle traffic, until Ctrl-C", _prepare_demo),
    "ledger": (
        "send traffic, then compare what was answered with what the stores hold",
        _prepare_ledger,
    ),
    "doctor": (
        "follow one marked request hop by hop, and name the first that is broken",
        _prepare_doctor,
    ),
    "drill": ("put a fault in, show what fires, moves and names it, and heal it", _prepare_drill),
}


if __name__ == "__main__":
    sys.exit(main())

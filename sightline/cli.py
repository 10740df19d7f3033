"""The command line: `sightline view` and what stands beside it."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sightline import run
from sightline.proof.ledger import command as ledger
from sightline.viewer import options

_VIEW = """\
Receive logs, metrics and traces by OTLP, scrape metrics, and show them on one page. Any program
that exports by OTLP can send, in any language; a service is there from its first request on.
"""


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser(words[0] if words else "").parse_args(words)
    return int(arguments.run(arguments))


def _parser(asked: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sightline", description="From a log line to its trace, in one click."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_view(commands)
    _add_run(commands)
    _add_demo(commands)
    _add_ledger(commands)
    _add_doctor(commands, asked=asked == "doctor")
    _add_drill(commands, asked=asked == "drill")
    return parser


def _add_view(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "receive OTLP, scrape metrics, keep both and show them on one page"
    parser = commands.add_parser("view", help=text, description=_VIEW)
    options.add_arguments(parser)
    parser.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(run=_view)


def _view(arguments: argparse.Namespace) -> int:
    # Only now: the viewer's libraries are an extra, and take their time to import.
    from sightline.viewer import launch  # noqa: PLC0415 — see above

    return launch.run(arguments, os.environ)


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "run a program with its telemetry led to the viewer, started if none runs"
    parser = commands.add_parser("run", help=text)
    options.add_arguments(parser)
    run.add_arguments(parser)
    parser.set_defaults(run=lambda arguments: run.run(arguments, os.environ))


def _add_demo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "viewer, orders, payments and gentle traffic, until Ctrl-C"
    parser = commands.add_parser("demo", help=text, description=text.capitalize() + ".")
    folder = os.environ.get("SIGHTLINE_DATA") or ".sightline"
    parser.add_argument("--data", type=Path, default=Path(folder), help="where it keeps its data")
    parser.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    from sightline import demo  # noqa: PLC0415 — `sightline view` needs none of it

    return demo.run(arguments.data)


def _add_ledger(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "send traffic, then compare what was answered with what the stores hold"
    parser = commands.add_parser("ledger", help=text, description=text.capitalize() + ".")
    ledger.add_arguments(parser)
    parser.set_defaults(run=lambda arguments: ledger.run(arguments, os.environ))


def _add_doctor(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", *, asked: bool
) -> None:
    text = "follow one marked request hop by hop, and name the first that is broken"
    parser = commands.add_parser("doctor", help=text, description=text.capitalize() + ".")
    if not asked:  # the others start without what doctor asks with
        return
    from sightline.proof.doctor import command  # noqa: PLC0415 — see above

    command.add_arguments(parser)
    parser.set_defaults(run=lambda arguments: command.run(arguments, os.environ))


def _add_drill(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", *, asked: bool
) -> None:
    text = "put a fault in, show what fires, moves and names it, and heal it"
    parser = commands.add_parser("drill", help=text, description=text.capitalize() + ".")
    if not asked:
        return
    from sightline.proof.drill import command  # noqa: PLC0415 — see above

    command.add_arguments(parser)
    parser.set_defaults(run=lambda arguments: command.run(arguments, os.environ))


if __name__ == "__main__":
    sys.exit(main())

"""Every option of the viewer, once: its flag, its SIGHTLINE_* variable, its key in a file."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

EXAMPLES = """\
examples:
  sightline view
      the page at http://127.0.0.1:3000, OTLP at 4317 (gRPC) and 4318 (HTTP)
  sightline view --scrape orders=http://127.0.0.1:8000/metrics
      reads that page every 5 s too
  sightline view --dashboards grafana/dashboards
      shows the dashboards of that folder too, as Grafana exports them
  sightline view --memory --port 3300 --otlp-http-port 4400 --otlp-grpc-port 4401
      a second one beside the first, that keeps nothing
  sightline run -- uvicorn app:app
      a program with a viewer beside it

A flag goes before its variable in the environment, that before the file, that before the default.
A file is TOML, its keys are the flags' names:  port = 3300  retention = "7d"  memory = true
"""


@dataclass(frozen=True, slots=True)
class Option:
    """`secret` options have no flag: every user of a machine can read its command lines."""

    name: str
    shape: str
    default: str
    text: str
    kind: Literal["text", "list", "switch"] = "text"
    secret: bool = False


def variable(flag: str) -> str:
    """The environment variable of a flag."""
    return "SIGHTLINE_" + flag.upper().replace("-", "_")


GROUPS: Mapping[str, Sequence[Option]] = {
    "where it listens": (
        Option("port", "PORT", "3000", "the page and the query APIs"),
        Option("otlp-http-port", "PORT", "4318", "OTLP over HTTP"),
        Option("otlp-grpc-port", "PORT", "4317", "OTLP over gRPC"),
        Option(
            "host",
            "ADDRESS",
            "127.0.0.1",
            "address to listen on; any other than this machine's own needs"
            f" {variable('token')} and {variable('otlp-keys')}",
        ),
        Option("allow-host", "NAME", "", "a further name to be reached by; may repeat", "list"),
    ),
    "what it keeps": (
        Option("data", "FOLDER", "", "where (default: $XDG_STATE_HOME/sightline/viewer)"),
        Option("memory", "", "", "keep nothing on disk", "switch"),
        Option("retention", "AGE", "24h", "how long: 90m, 24h, 7d"),
        Option("max-size", "SIZE", "2GB", "how much: 500MB, 2GB; the largest sender gives way"),
        Option("durable", "", "", "acknowledge telemetry only once it is safe on disk", "switch"),
    ),
    "what it reads": (
        Option(
            "scrape",
            "NAME=URL",
            "",
            "a Prometheus endpoint, e.g. orders=http://127.0.0.1:8000/metrics; may repeat",
            "list",
        ),
        Option("scrape-interval", "AGE", "5s", "time between two scrapes of a target"),
        Option("rules", "FOLDER", "", "Prometheus rule files, or none (default: the shipped ones)"),
        Option("evaluation-interval", "AGE", "15s", "time between two evaluations of the rules"),
        Option("dashboards", "FOLDER", "", "your Grafana dashboards, shown beside the shipped"),
        Option("environment", "NAME", "", "deployment_environment_name of scraped targets"),
    ),
    "who may ask (no flags: command lines can be read by all)": (
        Option("token", "TEXT", "", "opens the page and the query APIs", secret=True),
        Option(
            "otlp-keys",
            "TEXT",
            "",
            "senders show one as x-otlp-api-key; two at most, so that one can be replaced",
            "list",
            secret=True,
        ),
    ),
}
OPTIONS: Mapping[str, Option] = {
    option.name: option for options in GROUPS.values() for option in options
}


def view_flags(arguments: argparse.Namespace) -> list[str]:
    """The same flags again, for a `sightline view` of their own."""
    flags = [] if arguments.config is None else ["--config", arguments.config]
    for option in OPTIONS.values():
        value = getattr(arguments, option.name.replace("-", "_"), None)
        if value is True:
            flags.append(f"--{option.name}")
        elif value:
            values = value if isinstance(value, list) else [value]
            flags += [part for each in values for part in (f"--{option.name}", each)]
    return flags


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{_secrets()}\n{EXAMPLES}"
    for title, options in GROUPS.items():
        flags = [option for option in options if not option.secret]
        group = parser.add_argument_group(title) if flags else None
        for option in flags:
            assert group is not None  # noqa: S101 — made for the flags just above
            _add(group, option)
    parser.add_argument(
        "--config",
        metavar="FILE",
        help=f"settings from this file [{variable('config')}, sightline.toml where there is one]",
    )


def _add(group: "argparse._ArgumentGroup", option: Option) -> None:
    default = f", {option.default}" if option.default else ""
    shown = f"{option.text} [{variable(option.name)}{default}]"
    if option.kind == "switch":
        group.add_argument(f"--{option.name}", action="store_true", default=None, help=shown)
    else:
        action = "append" if option.kind == "list" else "store"
        group.add_argument(f"--{option.name}", metavar=option.shape, action=action, help=shown)


def _secrets() -> str:
    title = next(title for title, options in GROUPS.items() if options[0].secret)
    lines = [f"  {variable(o.name):22}{o.text}" for o in OPTIONS.values() if o.secret]
    return "\n".join([f"{title}:", *lines, ""])

"""Write each dashboard's JSON beside this file, or with --check say which is out of date."""

import argparse
import sys
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard as builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from source import service

HERE = Path(__file__).parent
DASHBOARDS = [service.dashboard]


def generated() -> dict[Path, str]:
    encoder = JSONEncoder(sort_keys=True, indent=2)
    built = [_finished(make()) for make in DASHBOARDS]
    return {HERE / f"{board.uid}.json": encoder.encode(board) + "\n" for board in built}


def _finished(dashboard: builder.Dashboard) -> Dashboard:
    built = dashboard.build()
    for number, panel in enumerate(built.panels or [], start=1):
        panel.id_val = number  # stands in links to single panels, so it comes with the file
    for link in built.links or []:
        link.placement = None  # the builder would hide the links in a menu
    return built


def stale(files: dict[Path, str]) -> list[Path]:
    return [path for path, text in files.items() if not path.exists() or path.read_text() != text]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    arguments = parser.parse_args()
    files = generated()
    outdated = stale(files)
    if arguments.check:
        for path in outdated:
            sys.stderr.write(
                f"{path.name} differs from its source: run grafana/dashboards/build.py\n"
            )
        return 1 if outdated else 0
    for path in outdated:
        path.write_text(files[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())

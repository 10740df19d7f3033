"""Write the dashboards' JSON and Grafana's alert rules, or with --check say what is out of date."""

import argparse
import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from source import alerts, business, service, slo, telemetry_health, traces

HERE = Path(__file__).parent
ALERT_RULES = HERE.parent / "provisioning" / "alerting" / "rules.yml"
DASHBOARDS = [module.dashboard for module in (service, business, slo, traces, telemetry_health)]


def generated() -> dict[Path, str]:
    built = [make().build() for make in DASHBOARDS]
    files = {HERE / f"{board.uid}.json": _as_json(board) for board in built}
    return files | {ALERT_RULES: alerts.provisioning()}


def _as_json(board: Dashboard) -> str:
    document = json.loads(JSONEncoder().encode(board))
    for number, panel in enumerate(document["panels"], start=1):
        panel["id"] = number  # stands in links to single panels, so it comes with the file
    for link in document["links"]:
        del link["placement"]  # the builder would hide the links in a menu
    return json.dumps(document, sort_keys=True, indent=2) + "\n"


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

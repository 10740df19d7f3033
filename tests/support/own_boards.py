"""Dashboards as users have them, with files beside them that are none."""

import shutil
from pathlib import Path

WRITTEN = Path(__file__).parent / "own_dashboards"


def copy(to: Path) -> Path:
    """One as Grafana shares it, in a subfolder one of its API, and a file that is cut off."""
    shutil.copytree(WRITTEN, to, dirs_exist_ok=True)
    (to / "half.json").write_text('{"title": "Half", "panels": [')
    return to

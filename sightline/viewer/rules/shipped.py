"""Where the rules lie that Prometheus is given and the viewer evaluates."""

from pathlib import Path

_VIEWER = Path(__file__).parents[1]
# A wheel carries the committed rules inside the package; a checkout has them in their own folder.
_FOLDERS = (_VIEWER / "shipped_rules", _VIEWER.parents[1] / "prometheus" / "rules")


def shipped_rules() -> Path:
    return next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[0])

"""A user's own Grafana dashboards: found in a folder, and brought to the form that the page draws.

files ─▶ document ─▶ panels ─▶ older
              └────────┴────▶ sources
"""

from sightline.viewer.boards.document import BadBoard
from sightline.viewer.boards.files import Board, LeftOut, read_folder

__all__ = ["BadBoard", "Board", "LeftOut", "read_folder"]

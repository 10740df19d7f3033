"""A user's own Grafana dashboards: found in a folder, and brought to the form that the page draws.

shelf ─▶ files ─▶ document ─▶ panels ─▶ older
                       └────────┴────▶ sources
"""

from sightline.viewer.boards.document import BadBoard
from sightline.viewer.boards.files import Board, LeftOut
from sightline.viewer.boards.shelf import Shelf

__all__ = ["BadBoard", "Board", "LeftOut", "Shelf"]

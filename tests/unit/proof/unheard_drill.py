"""A drill that halts the viewer of this folder's roster, and speaks once for each line it reads."""

import select
import sys
from pathlib import Path

from sightline.proof.addresses import Addresses, Mode
from sightline.proof.drill.command import _play_all
from sightline.proof.drill.faults import Halt
from sightline.proof.drill.journal import opened
from sightline.proof.drill.scene import Scene
from sightline.proof.drill.stage import Stage
from sightline.proof.drill.story import Drill, Story

DATA = Path(sys.argv[1])


def play(stage: Stage) -> None:
    with stage.fault(Halt(DATA, "viewer")):
        while True:
            stage.scene.pause(0.05)
            if select.select([sys.stdin], [], [], 0)[0]:
                stage.note("panel", sys.stdin.readline().strip())


if __name__ == "__main__":
    scene = Scene(Addresses(Mode.VIEWER, *["http://127.0.0.1:1"] * 8), DATA)
    drill = Drill(Story("unheard", "a test's own", "Halts.", "Nothing."), 60, "None", play)
    with opened(DATA) as journal:
        code = _play_all([drill], scene, journal, as_json=False)
    sys.exit(code)

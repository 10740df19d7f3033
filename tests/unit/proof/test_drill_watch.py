"""A panel proves a fault only if it was quiet before, and is drawn again after."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.proof.addresses import Addresses, Mode
from sightline.proof.drill.alerts import AlertWatch
from sightline.proof.drill.away import _require_gap
from sightline.proof.drill.panel import Panel
from sightline.proof.drill.scene import Scene, Unable
from sightline.proof.drill.stage import NotShown, Stage
from sightline.proof.drill.story import Drill, ExpectedAlert, ExpectedPanel, Load, Story
from sightline.proof.drill.watch import _await_quiet, _require_quiet

# As the fixture `serve` gives it: pages by path, each a status and a body; the address comes back.
Pages = dict[str, tuple[int, str]]
Serve = Callable[[Pages], str]
CLIMBS = ExpectedPanel("service", "p95 now", passes=1.5, unit=" s")
FALLS = ExpectedPanel("service", "Who answers", passes=1, falls=True)
NOBODY = Load(customers=0)


class Watched:
    """A stage whose alert is quiet, and whose panel shows what a test says."""

    def __init__(self, serve: Serve, data: Path, wanted: ExpectedPanel = CLIMBS) -> None:
        self._pages: Pages = {}
        url = serve(self._pages)
        self._answer("/api/v1/alerts", {"alerts": []})
        self._answer("/api/v1/query_range", {"resultType": "matrix", "result": []})
        scene = Scene(Addresses(Mode.VIEWER, *[url] * 8), data)
        drill = Drill(Story("own", "a test's own", "Nothing.", "Nothing."), 0, "A", lambda _: None)
        self.stage = Stage(scene, None, drill)  # type: ignore[arg-type] # nothing is put in
        self.alert = AlertWatch(scene.stores, ExpectedAlert("A"), waits=False)
        self.panel = Panel(wanted, 1, "Service", "up", "", scene.stores)

    def show(self, *values: float) -> None:
        found = [{"metric": {}, "value": [0, str(value)]} for value in values]
        self._answer("/api/v1/query", {"resultType": "vector", "result": found})

    def _answer(self, path: str, data: object) -> None:
        self._pages[path] = 200, json.dumps({"status": "success", "data": data})


@pytest.mark.parametrize(
    ("wanted", "shown", "why"),
    [
        (CLIMBS, [2.0], "Service → p95 now shows 2 s already, and would prove nothing"),
        (FALLS, [0.0], "Service → Who answers shows 0 already"),
        (FALLS, [], "Service → Who answers shows nothing that could fall"),
    ],
)
def test_no_fault_is_put_in_while_its_panel_has_moved(
    tmp_path: Path, serve: Serve, wanted: ExpectedPanel, shown: list[float], why: str
) -> None:
    watched = Watched(serve, tmp_path, wanted)
    watched.show(*shown)
    with pytest.raises(Unable, match=why):
        _require_quiet(watched.stage, watched.alert, watched.panel, NOBODY)


@pytest.mark.parametrize(("wanted", "shown"), [(CLIMBS, [0.1]), (CLIMBS, []), (FALLS, [1.0])])
def test_quiet_are_an_alert_and_a_panel_that_has_not_moved(
    tmp_path: Path, serve: Serve, wanted: ExpectedPanel, shown: list[float]
) -> None:
    watched = Watched(serve, tmp_path, wanted)
    watched.show(*shown)
    _require_quiet(watched.stage, watched.alert, watched.panel, NOBODY)
    assert not watched.stage.steps


def test_a_panel_that_showed_something_has_to_do_so_again(tmp_path: Path, serve: Serve) -> None:
    watched = Watched(serve, tmp_path, FALLS)
    watched.show()
    with pytest.raises(NotShown, match="quiet of A and Service → Who answers did not come"):
        _await_quiet(watched.stage, watched.alert, watched.panel, before=1.0)
    watched.show(1.0)
    _await_quiet(watched.stage, watched.alert, watched.panel, before=1.0)


def test_a_panel_that_was_empty_may_be_so_again(tmp_path: Path, serve: Serve) -> None:
    watched = Watched(serve, tmp_path)
    watched.show()
    _await_quiet(watched.stage, watched.alert, watched.panel, before=None)


def test_a_panel_with_a_gap_is_looked_at_after_it(tmp_path: Path, serve: Serve) -> None:
    watched = Watched(serve, tmp_path)
    watched.show()
    with pytest.raises(NotShown, match="a figure of Service → p95 now after its gap"):
        _require_gap(watched.stage, watched.panel, 3.0, 1000.0, 1045.0)
    watched.show(2.0)
    _require_gap(watched.stage, watched.panel, 3.0, 1000.0, 1045.0)
    assert "drawn again" in watched.stage.steps[-1].text

"""`sightline drill --all`, of the real servers and of the viewer, on rules with shortened windows.

How each is stopped and interrupted is in tests/end_to_end/test_the_drills.py.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import stacks
from compose_stand_in import ComposeStandIn
from covering import covered
from patients import Patients
from system import System
from viewer_in_place import ViewerInPlace

from sightline import roster
from sightline.proof.drill.table import drills

ALL_SECONDS = 1500
pytestmark = pytest.mark.timeout(ALL_SECONDS + 300)
FAULTS = {"SIGHTLINE_FAULTS": "1"}
NAMES = [drill.story.name for drill in drills(viewer=False)]
Json = dict[str, Any]


def play_all(folder: Path, environment: dict[str, str]) -> Json:
    ended = subprocess.run(
        [sys.executable, "-m", "sightline", "drill", "--all", "--json"],
        env={**os.environ, **environment, "SIGHTLINE_DATA": str(folder)},
        capture_output=True,
        text=True,
        timeout=ALL_SECONDS,
        check=False,
    )
    assert ended.stdout, ended.stderr
    told: Json = json.loads(ended.stdout)
    for one in told["drills"]:
        print(f"{one['name']}: {one['state']} in {one['seconds']:.0f} s {one['reason']}")
    assert (ended.returncode == 0) is told["green"], ended.stderr
    return told


@contextmanager
def stores(folder: Path) -> Iterator[dict[str, str]]:
    stacks.find_servers()
    system = System(folder, FAULTS, shortened=True)
    patients = Patients(system)
    compose = ComposeStandIn(folder, system.processes)
    try:
        system.start()
        yield {**patients.environment, "PATH": compose.path}
    finally:
        compose.close()
        patients.grafana.close()
        system.stop()


@contextmanager
def viewer(folder: Path) -> Iterator[dict[str, str]]:
    system = ViewerInPlace(folder, FAULTS, shortened=True)
    try:
        system.start()
        with roster.told(folder, {"viewer": system.processes["viewer"].pid}):
            yield {
                "SIGHTLINE_PORT": str(system.port("viewer")),
                "SIGHTLINE_OTLP_HTTP_PORT": str(system.port("viewer", 4318)),
                "ORDERS_PORT": str(system.port("orders")),
            }
    finally:
        system.stop()


@pytest.fixture(scope="module", params=[stores, viewer], ids=["stores", "viewer"])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Json:
    folder = tmp_path_factory.mktemp(request.param.__name__)
    with request.param(folder) as environment:
        return play_all(folder, environment)


@covered("drills of either mode")
@pytest.mark.parametrize("name", NAMES)
def test_a_drill_is_shown_within_its_stated_time(played: Json, name: str) -> None:
    (drill,) = [one for one in played["drills"] if one["name"] == name]
    if (played["mode"], name) == ("viewer", "collector-down"):
        assert drill["state"] == "not in this mode", drill
        assert "no Collector" in drill["reason"]
        return
    assert drill["state"] == "shown", drill
    assert drill["seconds"] < drill["stated_seconds"]
    if not drill["alert"].startswith("none: "):
        facts = drill["facts"]
        assert facts["firing_after"] < drill["seconds"]
        # The alert of a spike has no `for`: what it waits for is in its window.
        assert "pending_after" in facts or drill["alert"] == "CheckoutsPileUp"
    assert drill["facts"]["trace"]["id"]
    assert drill["facts"]["panel"]
    assert drill["links"]


def test_all_of_them_are_green(played: Json) -> None:
    assert played["green"]
    assert len(played["drills"]) == len(NAMES) == 8

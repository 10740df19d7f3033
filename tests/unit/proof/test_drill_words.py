"""The runbook tells the drills' own words, and what they wait for is what ships."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sightline.proof.drill import stories
from sightline.proof.drill.report import plain
from sightline.proof.drill.story import Drill, Elsewhere, Expectation, Story
from sightline.proof.drill.table import drills

ROOT = Path(__file__).parents[3]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
STORIES = [one for one in vars(stories).values() if isinstance(one, Story)]
PARAGRAPH = re.compile(
    r"^\*\*Drill:\*\* `make drill FAULT=([a-z-]+)`\. (.*?)(?=\n\n|\n\*\*|\Z)",
    re.MULTILINE | re.DOTALL,
)


def watched() -> Iterator[tuple[Drill, Expectation]]:
    for viewer in (True, False):
        for drill in drills(viewer=viewer):
            arguments = getattr(getattr(drill, "play", None), "args", ())
            if arguments:
                assert isinstance(drill, Drill)
                yield drill, arguments[0]


def panels(uid: str) -> list[dict[str, Any]]:
    board = json.loads((ROOT / "grafana" / "dashboards" / f"{uid}.json").read_text())
    return list(board["panels"])


def sections() -> dict[str, str]:
    parts = re.split(r"^##+ (.+)$", RUNBOOK, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_runbook_tells_each_drill_in_its_own_words_and_no_other() -> None:
    told = sorted((name, " ".join(text.split())) for name, text in PARAGRAPH.findall(RUNBOOK))
    assert told == sorted((story.name, f"{story.done} {story.seen}") for story in STORIES)


def test_a_drill_stands_in_the_section_of_its_alert() -> None:
    for drill in [*drills(viewer=True), *drills(viewer=False)]:
        if isinstance(drill, Elsewhere):
            continue
        section = "Drills" if drill.alert.startswith("none: ") else drill.alert
        assert f"`make drill FAULT={drill.story.name}`" in sections()[section]


def test_each_mode_tells_of_all_eight_drills() -> None:
    names = [drill.story.name for drill in drills(viewer=True)]
    assert names == [drill.story.name for drill in drills(viewer=False)]
    assert len(set(names)) == 8
    assert {story.name for story in STORIES} == set(names)
    assert not [drill for drill in drills(viewer=False) if isinstance(drill, Elsewhere)]


def test_what_is_expected_to_fire_ships() -> None:
    paths = (ROOT / "prometheus" / "rules").glob("*.yml")
    groups = [group for path in paths for group in yaml.safe_load(path.read_text())["groups"]]
    alerts = {rule.get("alert") for group in groups for rule in group["rules"]}
    assert {expected.alert.name for _, expected in watched()} <= alerts


def test_what_is_expected_to_move_is_a_series_of_a_panel_that_ships() -> None:
    for drill, expected in watched():
        wanted = expected.panel
        (panel,) = [one for one in panels(wanted.board) if one["title"] == wanted.title]
        (target,) = [one for one in panel["targets"] if one["refId"] == wanted.ref]
        legend = target["legendFormat"]
        assert not wanted.series or legend == wanted.series or "{{" in legend, drill.story.name


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_each_panel_that_a_story_names_ships(story: Story) -> None:
    titles = {
        f"{board} → {panel['title']}"
        for board, uid in (
            *(("Service", "service"), ("Business", "business")),
            ("Telemetry health", "telemetry-health"),
        )
        for panel in panels(uid)
    }
    named = [name for name in re.findall(r"\*([^*]+)\*", story.seen) if "→" in name]
    assert named or story is stories.SECRET
    assert set(named) <= titles


def test_a_terminal_sees_words_without_the_marks_of_a_page() -> None:
    assert plain("*Service → p95 now* and `payment.process`, or `****`") == (
        "Service → p95 now and payment.process, or ****"
    )

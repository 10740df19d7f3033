"""The committed dashboards: as their source says, complete, and linked only to what exists."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import boards
import pytest

UIDS = {"service", "business", "slo", "traces", "telemetry-health"}
DATASOURCES = {"prometheus", "loki", "tempo"}
PANELS = [pytest.param(uid, panel, id=f"{uid}: {panel['title']}") for uid, panel in boards.panels()]
BOARDS = [pytest.param(board, id=board["uid"]) for board in boards.boards()]
# What Sightline's own page can draw; it names what it cannot.
DRAWN = {"timeseries", "stat", "table", "bargauge", "logs", "text"}
NOT_DRAWN_BY_THE_VIEWER = {"Service map"}


def test_the_committed_json_is_what_the_source_makes() -> None:
    build = boards.build_module()
    differing = [path.name for path in build.stale(build.generated())]
    assert not differing, f"run grafana/dashboards/build.py: {differing}"


def test_check_fails_on_a_difference_and_names_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    build = boards.build_module()
    edited = tmp_path / "service.json"
    edited.write_text("{}")
    monkeypatch.setattr(build, "generated", lambda: {edited: "{ }"})
    monkeypatch.setattr(sys, "argv", ["build.py", "--check"])
    assert build.main() == 1
    assert "service.json differs" in capsys.readouterr().err
    assert edited.read_text() == "{}"


def test_build_runs_as_a_program_from_the_repository() -> None:
    command = [sys.executable, "grafana/dashboards/build.py", "--check"]
    subprocess.run(command, cwd=boards.ROOT, check=True)


def test_the_uids_are_those_that_links_and_bookmarks_know() -> None:
    assert {board["uid"] for board in boards.boards()} == UIDS


@pytest.mark.parametrize("board", BOARDS)
def test_a_dashboard_is_of_the_schema_that_grafana_provisions(board: boards.Json) -> None:
    assert board["schemaVersion"] <= 42
    assert board["description"]
    assert not board["editable"]
    assert [variable["name"] for variable in board["templating"]["list"]] == [
        "environment",
        "service",
    ]


@pytest.mark.parametrize("board", BOARDS)
def test_panel_ids_and_titles_are_unique_in_a_dashboard(board: boards.Json) -> None:
    for key in ("id", "title"):
        twice = [name for name, n in Counter(p[key] for p in board["panels"]).items() if n > 1]
        assert not twice


@pytest.mark.parametrize("board", BOARDS)
def test_panels_do_not_overlap(board: boards.Json) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.parametrize(("uid", "panel"), PANELS)
def test_every_panel_says_what_it_answers(uid: str, panel: boards.Json) -> None:
    assert panel["title"], uid
    assert "?" in panel["description"], "a description asks the question that the panel answers"


@pytest.mark.parametrize(("uid", "panel"), PANELS)
def test_every_panel_can_be_drawn(uid: str, panel: boards.Json) -> None:
    assert panel["type"] in DRAWN or panel["title"] in NOT_DRAWN_BY_THE_VIEWER, uid


@pytest.mark.parametrize(
    ("uid", "panel"), [each for each in PANELS if each.values[1]["type"] != "text"]
)
def test_every_panel_has_unit_queries_and_words_for_no_data(uid: str, panel: boards.Json) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"], uid
    assert defaults["noValue"]
    assert panel["targets"]
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    for source in (panel["datasource"], *(target["datasource"] for target in panel["targets"])):
        assert source["uid"] in DATASOURCES
        assert source["type"] == source["uid"]


@pytest.mark.parametrize("board", BOARDS)
def test_links_lead_to_the_other_dashboards_and_keep_time_and_variables(board: boards.Json) -> None:
    linked = set()
    for link in board["links"]:
        assert link["keepTime"]
        assert link["includeVars"]
        linked.add(link["url"].removeprefix("/d/"))
    assert linked == UIDS - {board["uid"]}


def test_titles_of_links_are_the_titles_of_their_dashboards() -> None:
    titles = {board["uid"]: board["title"] for board in boards.boards()}
    for board in boards.boards():
        for link in board["links"]:
            assert link["title"] == titles[link["url"].removeprefix("/d/")]


def test_the_service_dashboard_shows_what_the_readme_promises() -> None:
    titles = [panel["title"] for uid, panel in boards.panels() if uid == "service"]
    for wanted in (
        "Requests per second",
        "5xx percentage",
        "Duration p50, p95, p99",
        "Requests per handler",
        "Errors per handler",
        "p95 per handler",
        "Orders per minute by payment method and currency",
        "Active checkouts",
        "Payment duration p50, p95, p99",
        "Log lines",
    ):
        assert wanted in titles


def test_durations_show_exemplars() -> None:
    shown = {
        panel["title"]
        for _, panel in boards.panels()
        if any(target.get("exemplar") for target in panel.get("targets", []))
    }
    assert {"Duration p50, p95, p99", "p95 per handler", "Payment duration p50, p95, p99"} <= shown


def test_metric_names_are_written_in_one_place() -> None:
    source = boards.DASHBOARDS / "source"
    names = words_of_strings(source / "metrics.py")
    assert "http_requests_total" in names
    for path in source.glob("*.py"):
        if path.name != "metrics.py":
            again = {name for name in names & words_of_strings(path) if name.count("_") > 1}
            assert not again, f"{path.name} spells {again} out: take it from metrics.py"


def words_of_strings(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return {word for text in texts if isinstance(text, str) for word in re.findall(r"\w+", text)}

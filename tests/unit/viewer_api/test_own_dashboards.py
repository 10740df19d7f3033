"""A user's own dashboards: before the shipped, in one form; what is none is told with why."""

import json
import os
import re
from pathlib import Path
from typing import Any

import own_boards
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.viewer.api import dashboards
from sightline.viewer.boards import Shelf

SHIPPED = ["business", "service", "slo", "telemetry-health", "traces"]
BOARD: dict[str, Any] = {"uid": "mine", "title": "Mine", "panels": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "boards"
    made.mkdir()
    return made


@pytest.fixture
def client(folder: Path) -> TestClient:
    return TestClient(Starlette(routes=dashboards.routes(folder)))


def put(folder: Path, board: Any, name: str = "mine.json") -> None:
    (folder / name).write_text(board if isinstance(board, str) else json.dumps(board))


def listed(client: TestClient) -> dict[str, Any]:
    answer = client.get("/api/dashboards")
    assert answer.status_code == 200
    return dict(answer.json())


def reasons(client: TestClient) -> dict[str, str]:
    return {each["file"]: each["reason"] for each in listed(client)["left_out"]}


def given(client: TestClient, uid: str = "mine") -> dict[str, Any]:
    answer = client.get(f"/api/dashboards/{uid}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_ones_own_come_first_with_their_files_and_the_shipped_after_them(
    client: TestClient, folder: Path
) -> None:
    own_boards.copy(folder)
    found = listed(client)
    titles = [each["title"] for each in found["dashboards"]]
    assert titles[:2] == ["FastAPI Observability", "Machines"]
    assert [each["uid"] for each in found["dashboards"][2:]] == SHIPPED
    files = [each["file"] for each in found["dashboards"]]
    assert files == ["fastapi.json", "machines/machines.json", *[""] * len(SHIPPED)]
    assert [each["file"] for each in found["left_out"]] == ["half.json"]
    assert str(folder) not in json.dumps(found)


def test_without_a_folder_the_shipped_are_all() -> None:
    client = TestClient(Starlette(routes=dashboards.routes()))
    assert [each["uid"] for each in listed(client)["dashboards"]] == SHIPPED
    assert listed(client)["left_out"] == []


def test_a_file_that_has_changed_is_read_anew_by_the_next_request(
    client: TestClient, folder: Path
) -> None:
    put(folder, BOARD)
    assert given(client)["title"] == "Mine"
    put(folder, BOARD | {"title": "Renamed"})
    assert given(client)["title"] == "Renamed"
    (folder / "mine.json").unlink()
    assert client.get("/api/dashboards/mine").status_code == 404


def changed_unseen(file: Path, old: str, new: str) -> None:
    """As no editor does: who goes by time and size cannot tell, and only who reads can."""
    assert len(old) == len(new)
    before = file.stat().st_mtime_ns
    file.write_text(file.read_text().replace(old, new))
    os.utime(file, ns=(before, before))


def test_a_file_that_has_not_changed_is_not_read_again(client: TestClient, folder: Path) -> None:
    for name in ("mine", "other"):
        put(folder, BOARD | {"uid": name, "title": "Before"}, f"{name}.json")
    put(folder, "{before", "none.json")
    assert "line 1" in reasons(client)["none.json"]
    for name in ("mine", "other"):
        changed_unseen(folder / f"{name}.json", "Before", "After!")
    changed_unseen(folder / "none.json", "{before", "\n\n12345")
    assert given(client)["title"] == "Before"
    assert [each["title"] for each in listed(client)["dashboards"]][:2] == ["Before", "Before"]
    assert "line 1" in reasons(client)["none.json"]
    os.utime(folder / "mine.json")
    assert given(client)["title"] == "After!"
    assert given(client, "other")["title"] == "Before"
    assert [each["title"] for each in listed(client)["dashboards"]][:2] == ["After!", "Before"]


def test_texts_are_held_up_to_a_bound_and_read_again_beyond_it(folder: Path) -> None:
    files = [folder / f"{number}.json" for number in range(4)]
    for file in files:
        put(folder, BOARD | {"uid": file.stem, "title": "Before"}, file.name)
    whole = Shelf(folder)
    whole.listed({})
    size = len(whole.text("0") or "")
    shelf = Shelf(folder, most_held=2 * size)
    assert len(shelf.listed({})) == 4
    for file in files:
        changed_unseen(file, "Before", "After!")
    found = [json.loads(shelf.text(file.stem) or "{}")["title"] for file in reversed(files)]
    assert found == ["Before", "Before", "After!", "After!"]


def test_one_that_has_moved_is_found_where_it_is(client: TestClient, folder: Path) -> None:
    put(folder, BOARD)
    assert given(client)["title"] == "Mine"
    (folder / "mine.json").rename(folder / "moved.json")
    assert given(client)["title"] == "Mine"
    put(folder, BOARD | {"uid": "another", "title": "Another"}, "moved.json")
    assert client.get("/api/dashboards/mine").status_code == 404
    assert given(client, "another")["title"] == "Another"


def test_what_a_list_tells_of_one_is_short_however_long_the_file_has_it(
    client: TestClient, folder: Path
) -> None:
    put(folder, BOARD | {"title": "t" * 10_000, "description": "d" * 10_000})
    (first, *_) = listed(client)["dashboards"]
    assert (len(first["title"]), len(first["description"])) == (200, 1_000)
    assert len(given(client)["title"]) == 10_000


def test_what_an_export_names_its_data_sources_is_what_is_asked(
    client: TestClient, folder: Path
) -> None:
    own_boards.copy(folder)
    board = given(client, listed(client)["dashboards"][0]["uid"])
    kinds = {
        panel["title"]: panel["targets"][0]["datasource"]["type"]
        for panel in board["panels"]
        if panel["targets"]
    }
    assert kinds == {
        "Requests of $job": "prometheus",
        "Request rate": "prometheus",
        "Requests by handler": "prometheus",
        "How full": "prometheus",
        "Lines": "loki",
    }


@pytest.mark.parametrize(
    ("named", "kind"),
    [
        (None, "prometheus"),
        ("My Loki", "loki"),
        ("default", "prometheus"),
        ("$source", "tempo"),
        ("[[source]]", "tempo"),
        ("${other}", "prometheus"),
        ({"type": "loki", "uid": "P8E80"}, "loki"),
        ({"type": "mysql", "uid": "x"}, "mysql"),
        ({"uid": "${DS_X}"}, "influxdb"),
        ({"type": "datasource", "uid": "-- Dashboard --"}, "-- Dashboard --"),
        ({"type": "datasource", "uid": "-- Mixed --"}, "prometheus"),
        ("-- Mixed --", "prometheus"),
        (["odd"], "prometheus"),
    ],
)
def test_a_data_source_is_known_in_each_way_of_writing_it(
    client: TestClient, folder: Path, named: Any, kind: str
) -> None:
    board = BOARD | {
        "__inputs": [{"name": "DS_X", "type": "datasource", "pluginId": "influxdb"}],
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "tempo"}]},
        "panels": [{"type": "stat", "datasource": named, "targets": [{"expr": "up"}]}],
    }
    put(folder, board)
    (target,) = given(client)["panels"][0]["targets"]
    assert target == {"expr": "up", "refId": "A", "datasource": {"type": kind}}


def test_panels_of_older_grafanas_become_todays(client: TestClient, folder: Path) -> None:
    own_boards.copy(folder)
    board = given(client, listed(client)["dashboards"][0]["uid"])
    stat, about, graph, *_ = board["panels"]
    assert stat["type"] == "stat"
    assert stat["options"] == {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "area"}
    assert stat["fieldConfig"]["defaults"]["unit"] == "reqps"
    steps = stat["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["value"] for step in steps] == [None, 50, 80]
    assert about["options"] == {"content": "Read me\n\nAsk us & the team."}
    assert graph["type"] == "timeseries"
    assert graph["fieldConfig"]["defaults"]["custom"]["stacking"] == {"mode": "normal"}
    assert graph["fieldConfig"]["defaults"]["min"] == 0
    assert graph["options"]["legend"]["calcs"] == ["max", "lastNotNull"]


def test_a_closed_row_holds_what_stands_beneath_it(client: TestClient, folder: Path) -> None:
    own_boards.copy(folder)
    board = given(client, listed(client)["dashboards"][0]["uid"])
    row, inside, after = board["panels"][-3:]
    assert (row["type"], row["collapsed"], inside["title"]) == ("row", True, "How full")
    tops = [each["gridPos"]["y"] for each in (row, inside, after)]
    assert tops == [12, 13, 19]
    # It follows the row, and yet it is none of those that the row hides.
    assert (inside["outside"], after["outside"]) == (False, True)


def test_a_dashboard_of_rows_from_before_the_grid_is_laid_out(
    client: TestClient, folder: Path
) -> None:
    halves = [{"type": "graph", "title": each, "span": 6, "id": 1} for each in "abc"]
    rows = [
        {"title": "Open", "showTitle": True, "height": "266px", "panels": halves},
        {"title": "Shut", "collapse": True, "height": 266, "panels": halves[:1]},
    ]
    put(folder, {"uid": "mine", "title": "Old", "rows": rows})
    panels = given(client)["panels"]
    places = [tuple(each["gridPos"].values()) for each in panels]
    expected = [(0, 0, 24, 1), (0, 1, 12, 7), (12, 1, 12, 7), (0, 8, 12, 7)]
    assert places == [*expected, (0, 15, 24, 1), (0, 16, 12, 7)]
    assert len({each["id"] for each in panels}) == len(panels)


def test_variables_keep_what_was_chosen_and_constants_come_from_the_export(
    client: TestClient, folder: Path
) -> None:
    own_boards.copy(folder)
    board = given(client, listed(client)["dashboards"][0]["uid"])
    source, job, window, team, share = board["templating"]["list"]
    assert (source["type"], job["query"]["query"][:12]) == ("datasource", "label_values")
    assert (window["current"], window["auto"]) == ({"value": ["30s"]}, True)
    assert team["query"] == "checkout, and more"
    assert share["current"] == {"value": ["0.99"]}


@pytest.mark.parametrize(
    "wrapped",
    [
        {"dashboard": BOARD, "meta": {"slug": "mine"}},
        {"apiVersion": "dashboard.grafana.app/v1beta1", "kind": "Dashboard"}
        | {"metadata": {"name": "mine"}, "spec": {"title": "Mine", "panels": []}},
    ],
)
def test_what_grafanas_api_answers_is_unwrapped(
    client: TestClient, folder: Path, wrapped: Any
) -> None:
    put(folder, wrapped)
    assert given(client)["title"] == "Mine"


def test_a_panel_of_the_library_is_taken_from_where_the_export_has_it(
    client: TestClient, folder: Path
) -> None:
    library = {"abc": {"kind": 1, "model": {"type": "stat", "targets": [{"expr": "up"}]}}}
    panels = [{"id": each, "libraryPanel": {"uid": uid}} for each, uid in ((1, "abc"), (2, "def"))]
    put(folder, BOARD | {"__elements": library, "panels": panels})
    assert [each["type"] for each in given(client)["panels"]] == ["stat", "library"]


@pytest.mark.parametrize("number", ["1e308", "-1e308", "9" * 400, "-" + "9" * 400])
def test_a_number_beyond_all_bounds_is_brought_within_them(
    client: TestClient, folder: Path, number: str
) -> None:
    fields = ("span", "fill", "linewidth", "decimals", "id", "maxDataPoints")
    graph = ", ".join(f'"{name}": {number}' for name in fields)
    places = ", ".join(f'"{name}": {number}' for name in "xywh")
    graph = f'{{"type": "graph", "gridPos": {{{places}}}, {graph}}}'
    rows = f'[{{"height": {number}, "panels": [{graph}, {graph}]}}]'
    put(folder, f'{{"uid": "mine", "title": "Mine", "rows": {rows}}}')
    put(folder, f'{{"uid": "grid", "title": "Grid", "panels": [{graph}]}}', "grid.json")
    assert listed(client)["left_out"] == []
    panels = given(client)["panels"] + given(client, "grid")["panels"]
    assert all(0 <= each <= 10_000 for panel in panels for each in panel["gridPos"].values())


@pytest.mark.parametrize("uid", [None, "", 7, "../../etc/passwd", "a/b", "x" * 41, "sp ace"])
def test_without_a_uid_that_an_address_can_hold_the_files_name_gives_a_stable_one(
    client: TestClient, folder: Path, uid: Any
) -> None:
    put(folder, BOARD | {"uid": uid}, "My Board.json")
    (first, *_) = listed(client)["dashboards"]
    assert re.fullmatch("my-board-[0-9a-f]{8}", first["uid"])
    put(folder, BOARD | {"uid": uid, "title": ""}, "My Board.json")
    assert given(client, first["uid"])["title"] == "My Board"


@pytest.mark.parametrize("uid", ["..%2F..%2Fsecret", "%2Fetc%2Fpasswd", "..", "mine.json", "%00"])
def test_a_uid_is_looked_up_and_never_a_path(client: TestClient, folder: Path, uid: str) -> None:
    put(folder.parent, BOARD | {"title": "secret"}, "secret.json")
    put(folder, BOARD)
    assert client.get(f"/api/dashboards/{uid}").status_code == 404


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is not JSON (line 1"),
        ('{"title": "Half",\n "panels": [', "is not JSON (line 2"),
        ("[" * 100_000, "nested too deeply"),
        ('{"panels": [], "time": NaN}', "NaN is no number"),
        ('{"panels": [{"id": 1e999}]}', "1e999 is no number"),
        ("[]", "is no dashboard"),
        ('{"name": "my-app", "version": "1.0.0"}', "is no dashboard, since it has no panels"),
        ('{"elements": {}, "layout": {}}', "as the model Classic"),
        (json.dumps(BOARD | {"x": "y" * 4 * 1024**2}), "4.0 MB, and 4 is the most"),
        (json.dumps(BOARD | {"uid": "slo"}), "has the uid slo of the shipped dashboard SLO"),
        (json.dumps(BOARD | {"uid": "good"}), "has the uid good of good.json: give it another"),
    ],
)
def test_a_file_that_is_none_is_left_out_with_the_reason_and_the_others_stay(
    client: TestClient, folder: Path, content: str, says: str
) -> None:
    put(folder, BOARD | {"uid": "good"}, "good.json")
    put(folder, content, "odd.json")
    assert says in reasons(client)["odd.json"]
    assert [each["uid"] for each in listed(client)["dashboards"]] == ["good", *SHIPPED]


def test_links_out_of_the_folder_and_what_is_no_file_are_not_read(
    client: TestClient, folder: Path
) -> None:
    put(folder.parent, BOARD, "outside.json")
    (folder / "out.json").symlink_to(folder.parent / "outside.json")
    (folder / "up").symlink_to(folder.parent)
    (folder / "loop.json").symlink_to("loop.json")
    os.mkfifo(folder / "pipe.json")
    # As Kubernetes mounts files: links to a hidden folder beside them.
    (folder / "..data").mkdir()
    put(folder / "..data", BOARD | {"uid": "linked"}, "linked.json")
    (folder / "linked.json").symlink_to("..data/linked.json")
    told = reasons(client)
    assert told.keys() == {"out.json", "up", "loop.json", "pipe.json"}
    assert "leads out of the folder" in told["out.json"]
    assert "leads out of the folder" in told["up"]
    assert [each["uid"] for each in listed(client)["dashboards"]] == ["linked", *SHIPPED]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all")
def test_what_may_not_be_read_is_told(client: TestClient, folder: Path) -> None:
    put(folder, BOARD)
    (folder / "mine.json").chmod(0)
    assert "Permission denied" in reasons(client)["mine.json"]


def test_a_folder_that_is_gone_or_holds_far_too_much_is_told(
    client: TestClient, folder: Path
) -> None:
    for number in range(501):
        put(folder, BOARD | {"uid": f"b{number}"}, f"{number:03}.json")
    assert "more than 500" in reasons(client)["boards"]
    assert len(listed(client)["dashboards"]) == 500 + len(SHIPPED)
    folder.rename(folder.with_name("elsewhere"))
    assert "is there no more" in reasons(client)["boards"]


def test_of_more_folders_than_hold_dashboards_the_rest_is_not_walked(
    client: TestClient, folder: Path
) -> None:
    """As when one names a home: what is looked for is rare, and yet all would be read."""
    put(folder, BOARD)
    for number in range(2_001):
        (folder / f"{number:04}").mkdir()
    put(folder / "0000", BOARD | {"uid": "first"}, "first.json")
    put(folder / "2000", BOARD | {"uid": "last"}, "last.json")
    assert "2,000 folders, and the rest is not looked at" in reasons(client)["boards"]
    uids = [each["uid"] for each in listed(client)["dashboards"]]
    assert uids == ["mine", "first", *SHIPPED]


def test_whatever_a_file_holds_its_dashboard_has_the_form_that_the_page_draws(
    client: TestClient, folder: Path
) -> None:
    """Each field of another kind than it should be, and half a surrogate pair."""
    odd = [None, 7, "text", [], {}, [None, 7, "text"], {"a": None}]
    names = ("gridPos", "targets", "fieldConfig", "options", "links", "id", "title", "datasource")
    panels = [{"type": "graph", name: value} for name in names for value in odd]
    panels += [{"type": kind, "panels": odd} for kind in ("row", "singlestat", "text", "stat", 7)]
    board = BOARD | {"title": "\ud800", "panels": [*panels, *odd], "templating": {"list": odd}}
    put(folder, board | {"time": 7, "refresh": False, "links": odd, "__inputs": odd})
    found = given(client)
    assert (found["time"], found["refresh"], found["links"]) == ({}, "", [])
    ids = [panel["id"] for panel in found["panels"]]
    assert len(set(ids)) == len(ids) == len(panels) + 4
    for panel in found["panels"]:
        assert all(isinstance(each, int) for each in panel["gridPos"].values())
        assert isinstance(panel.get("title", ""), str)

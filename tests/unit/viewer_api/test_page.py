"""The page's files: the addresses that answer, the policy they carry, and the vendored script."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.viewer.api import dashboards, page, runbook
from sightline.viewer.rules.shipped import shipped_rules

ROOT = Path(__file__).parents[3]
WEB = ROOT / "sightline" / "viewer" / "web"
MODULES = [path for path in WEB.rglob("*.js") if path.parent.name != "vendor"]


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[*dashboards.routes(), *runbook.routes(), *page.routes()]))


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/d/service",
        "/d/service/any-slug",
        "/logs",
        "/traces",
        "/traces/0a",
        "/map",
        "/explore",
        "/alerts",
        "/status",
    ],
)
def test_each_view_has_an_address_that_can_be_opened_and_reloaded(
    client: TestClient, address: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert "<title>Sightline</title>" in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_every_file_that_the_page_names_is_served(client: TestClient) -> None:
    named = re.findall(r'(?:href|src)="(/assets/[^"]+)"', client.get("/").text)
    assert len(named) > 5
    for address in named:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_file_of_the_page_names_another_host() -> None:
    for path in [*WEB.rglob("*.js"), *WEB.rglob("*.css"), *WEB.rglob("*.html")]:
        foreign = re.findall(r"https?://[\w.]+", path.read_text(encoding="utf-8"))
        allowed = {"http://www.w3.org", "https://github.com", "http://127.0.0.1"}
        assert set(foreign) <= allowed, path


def test_no_module_of_the_page_makes_markup_of_text() -> None:
    for path in MODULES:
        made = re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|DOMParser",
            path.read_text(encoding="utf-8"),
        )
        assert made == [], path


def test_the_vendored_files_are_those_of_the_lock() -> None:
    lines = (WEB / "vendor" / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == 3
    for line in lines:
        expected, name = line.split()
        assert hashlib.sha256((WEB / "vendor" / name).read_bytes()).hexdigest() == expected, name


def test_a_dashboard_is_given_as_it_is_committed(client: TestClient) -> None:
    committed = json.loads((ROOT / "grafana" / "dashboards" / "service.json").read_text())
    assert client.get("/api/dashboards/service").json() == committed
    assert "service" in {each["uid"] for each in client.get("/api/dashboards").json()["dashboards"]}


def test_an_unknown_dashboard_names_those_that_are_known(client: TestClient) -> None:
    answer = client.get("/api/dashboards/nothing")
    assert answer.status_code == 404
    assert "service" in answer.json()["detail"]


def test_every_section_that_a_shipped_rule_names_is_given_from_the_runbook(
    client: TestClient,
) -> None:
    rules = "".join(path.read_text() for path in shipped_rules().glob("*.yml"))
    anchors = re.findall(r"runbook_url: docs/runbook\.md#(\S+)", rules)
    assert len(anchors) > 10
    for anchor in anchors:
        section = client.get(f"/api/runbook/{anchor}").json()
        assert section["title"].lower() == anchor
        assert "**Do:**" in section["text"]
        assert "#" not in section["text"][:1]
    absent = client.get("/api/runbook/nothing")
    assert (absent.status_code, "nothing" in absent.json()["detail"]) == (404, True)


def test_a_dashboard_of_the_package_is_preferred_to_the_checkouts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboards, "_FOLDERS", (tmp_path, ROOT / "grafana" / "dashboards"))
    assert dashboards.dashboards_folder() == tmp_path
    monkeypatch.setattr(dashboards, "_FOLDERS", (tmp_path / "absent",))
    with pytest.raises(FileNotFoundError, match="install Sightline again"):
        dashboards.dashboards_folder()

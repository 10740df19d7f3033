"""What doctor says stands in the docs too, and what it knows of Grafana is what is provisioned."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sightline.proof.doctor.examination import HOPS
from sightline.proof.doctor.grafana import BOARDS
from sightline.proof.doctor.links import SHIPPED

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "when-something-is-empty.md").read_text()


def provisioned(name: str) -> dict[str, Any]:
    """`$$` expanded as Grafana does."""
    path = ROOT / "grafana" / "provisioning" / "datasources" / f"{name}.yml"
    found: dict[str, Any] = yaml.safe_load(path.read_text().replace("$$", "$"))
    return dict(found["datasources"][0]["jsonData"])


def test_the_page_names_every_hop_with_its_question_in_order() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| .+ \|$", PAGE, re.MULTILINE)
    assert rows[1:] == [(hop.name, hop.question) for hop in HOPS]


def test_hops_have_names_of_their_own() -> None:
    assert len({hop.name for hop in HOPS}) == len(HOPS)


def test_the_boards_that_doctor_wants_are_those_that_ship() -> None:
    files = (ROOT / "grafana" / "dashboards").glob("*.json")
    assert {json.loads(path.read_text())["uid"] for path in files} == set(BOARDS)


@pytest.mark.parametrize(
    ("source", "file"),
    [("loki", "loki"), ("traces", "tempo"), ("traces", "jaeger"), ("prometheus", "prometheus")],
)
def test_the_links_that_doctor_follows_are_those_provisioned(source: str, file: str) -> None:
    known = provisioned(file)
    for key, wanted in SHIPPED[source].items():
        assert _within(wanted, known[key]), (key, wanted, known[key])


def _within(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict):
        return all(_within(value, found[key]) for key, value in wanted.items())
    if isinstance(wanted, list):
        return len(wanted) == len(found) and all(map(_within, wanted, found))
    return bool(wanted == found)

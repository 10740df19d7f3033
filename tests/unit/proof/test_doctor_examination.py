"""The first broken hop ends the asking; people and machines are told the same."""

import json

import pytest
from doctors import patient

from sightline.proof.addresses import Mode
from sightline.proof.doctor import report
from sightline.proof.doctor.examination import HOPS, examine
from sightline.proof.doctor.findings import Finding, State
from sightline.proof.doctor.patient import Options


def test_after_the_first_broken_hop_none_is_asked() -> None:
    heard: list[Finding] = []
    examination = examine(patient(), heard.append)
    assert heard == list(examination.findings)
    assert [finding.hop for finding in heard] == [hop.name for hop in HOPS]
    assert heard[0].state is State.BROKEN
    assert {finding.state for finding in heard[1:]} == {State.NOT_ASKED}
    assert examination.broken == heard[0]


def test_what_is_broken_is_explained_in_four_lines() -> None:
    broken = examine(patient()).findings[0]
    lines = report.line(broken).splitlines()
    assert lines[0] == "BROKEN  service"
    assert [line.split()[0] for line in lines[1:]] == ["expected", "found", "likely", "do"]
    assert broken.remedy == "docker compose up --wait orders"


def test_a_machine_is_told_all_of_it() -> None:
    document = json.loads(report.document(examine(patient())))
    assert document["broken"] == "service"
    assert not document["healthy"]
    assert document["hops"][0]["state"] == "broken"
    assert document["hops"][1] == {
        "hop": "request",
        "state": "not asked",
        "found": "",
        "expected": "",
        "cause": "",
        "remedy": "",
        "seconds": 0.0,
    }


def test_the_other_states_take_one_line() -> None:
    assert report.line(Finding(hop="export", state=State.SOUND, found="2 spans")).endswith(
        "2 spans"
    )
    unchecked = report.line(Finding(hop="export", state=State.UNCHECKED, found="no page"))
    assert unchecked.endswith("not checked: no page")
    assert report.line(Finding(hop="export", state=State.NOT_ASKED)).endswith("not asked")


@pytest.mark.parametrize(
    ("mode", "foreign", "start", "look"),
    [
        (Mode.STACK, False, "docker compose up --wait loki", "docker compose logs --tail 50 loki"),
        (Mode.VIEWER, False, "make demo", "tail -n 50 .sightline/logs/loki.log"),
        (Mode.NONE, False, "make demo   (without Docker)", "look into the log of loki"),
        (Mode.STACK, True, "sightline doctor --loki URL", "look into the log of loki"),
    ],
)
def test_remedies_fit_what_runs(mode: Mode, foreign: bool, start: str, look: str) -> None:  # noqa: FBT001 — a case
    remedies = patient(mode=mode, foreign=foreign).remedies
    assert start in remedies.start("loki")
    assert look == remedies.look("loki")


def test_compose_does_not_start_what_is_the_user_s_own() -> None:
    own = patient(options=Options(url="http://127.0.0.1:1/hello")).remedies
    assert own.start("service") == "start your app, and ask again: curl -i http://127.0.0.1:1/hello"
    assert "docker" not in own.with_setting("LOG_LEVEL=INFO", "service")
    assert "host.docker.internal:1" in own.scrape_target("shop", "http://127.0.0.1:1")


def test_every_part_has_a_flag_that_names_it() -> None:
    foreign = patient(foreign=True).remedies
    parts = ("viewer", "otel-collector", "prometheus", "loki", "tempo", "jaeger", "grafana")
    for part in (*parts, "orders", "payments"):
        assert " --" in foreign.start(part)

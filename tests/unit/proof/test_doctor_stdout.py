"""The service's own line, in a file or in Docker's log."""

import json
import time
from pathlib import Path

import pytest
from doctors import patient

from sightline.proof.addresses import Mode
from sightline.proof.doctor.findings import Broken, Unchecked
from sightline.proof.doctor.page import Page
from sightline.proof.doctor.patient import Mark, Options, Patient
from sightline.proof.doctor.stdout import logged

MARK = Mark("doctor-1", "ab" * 16, "cd" * 8)
LINE = {"event": "http.request", "trace_id": MARK.trace_id, "request_id": MARK.request_id}


def reading(path: Path, **fields: object) -> Patient:
    asked = patient(options=Options(wait=0.1, stdout=path))
    asked.mark = MARK
    path.write_text(json.dumps({**LINE, **fields}) + "\n")
    return asked


def test_a_line_with_the_ids_is_found(tmp_path: Path) -> None:
    assert "http.request" in logged(reading(tmp_path / "out"))


def test_a_line_without_the_request_id_is_told(tmp_path: Path) -> None:
    with pytest.raises(Broken) as raised:
        logged(reading(tmp_path / "out", request_id=""))
    assert raised.value.found == "wrong or absent: request_id"


def test_a_line_that_is_no_json_is_told(tmp_path: Path) -> None:
    asked = reading(tmp_path / "out")
    (tmp_path / "out").write_text(f"12:00 INFO http.request trace_id={MARK.trace_id}\n")
    with pytest.raises(Broken) as raised:
        logged(asked)
    assert "LOG_FORMAT" in raised.value.cause


def test_a_file_that_cannot_be_read_is_not_checked(tmp_path: Path) -> None:
    asked = patient(options=Options(wait=0.1, stdout=tmp_path / "absent"))
    with pytest.raises(Unchecked, match="No such file"):
        logged(asked)


def test_docker_s_log_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\necho '{json.dumps(LINE)}'\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    asked = patient()
    asked.mark = MARK
    assert logged(asked).startswith("docker compose logs orders: event http.request")


def test_the_demo_s_log_of_an_earlier_run_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "orders.log"
    log.parent.mkdir()
    asked = patient(mode=Mode.VIEWER, data=tmp_path)
    asked.mark = MARK
    log.write_text(json.dumps(LINE))
    asked.page = Page(f"process_start_time_seconds {time.time() + 60}")
    with pytest.raises(Unchecked):
        logged(asked)
    asked.page = Page(f"process_start_time_seconds {time.time()}")
    assert "http.request" in logged(asked)

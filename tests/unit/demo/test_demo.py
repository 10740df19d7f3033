"""The demo says in one line what keeps it from running."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from loopback import free_ports

from sightline.demo import DemoError, Ports, _require_writable


def run_demo(data: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sightline", "demo", "--data", str(data)],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("value", ["http", "0", "65536", "-1", "8000.0", "٣"])
def test_a_port_that_is_none_is_named_with_its_setting(value: str) -> None:
    with pytest.raises(DemoError, match=rf"ORDERS_PORT={re.escape(repr(value))} is not a port"):
        Ports.from_environment({"ORDERS_PORT": value})


def test_ports_have_the_defaults_of_the_contract() -> None:
    assert Ports.from_environment({}) == Ports(3000, 4318, 4317, 8000, 8001)


def test_a_port_in_use_is_one_line_that_names_port_owner_and_remedy(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        ended = run_demo(tmp_path, {**_free_ports(), "SIGHTLINE_PORT": str(port)})
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"sightline demo: port {port} (viewer) cannot be taken")
    assert "SIGHTLINE_PORT=" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    ended = run_demo(blocked / "data", _free_ports())
    assert ended.returncode == 1
    assert f"cannot write to {blocked / 'data'}" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_log_level_that_is_none_is_one_line_before_anything_starts(tmp_path: Path) -> None:
    ended = run_demo(tmp_path, {**_free_ports(), "LOG_LEVEL": "nonsense"})
    assert ended.returncode == 1
    assert ended.stderr.startswith("sightline demo: LOG_LEVEL='nonsense' is not one of debug,")
    assert ended.stderr.count("\n") == 1


def test_the_data_of_the_demo_is_its_owner_s_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    _require_writable(data)
    assert data.stat().st_mode & 0o077 == 0


def _free_ports() -> dict[str, str]:
    names = (
        "SIGHTLINE_PORT",
        "SIGHTLINE_OTLP_HTTP_PORT",
        "SIGHTLINE_OTLP_GRPC_PORT",
        "ORDERS_PORT",
        "PAYMENTS_PORT",
    )
    return dict(zip(names, map(str, free_ports(len(names))), strict=True))

"""The wheel in an empty environment: it installs, and what it installs shows the page."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# uv as the Makefile finds it; its cache has all that the lock names already.
UV = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--quiet", "--out-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("sightline-*.whl")
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([a-z0-9.-]+==.*?) \\$", lock, re.MULTILINE)
    (folder / "pins.txt").write_text("\n".join(pins))
    uv("venv", "--quiet", "--python", sys.executable, str(folder / "env"))
    python = folder / "env" / "bin" / "python"
    given = ["--constraint", str(folder / "pins.txt"), f"{wheel}[viewer]"]
    uv("pip", "install", "--quiet", "--python", str(python), *given)
    return python.with_name("sightline")


def uv(*arguments: str) -> None:
    done = subprocess.run(
        [UV, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"},
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def page(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    probes = [socket.socket() for _ in range(3)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [str(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    names = ("--port", "--otlp-http-port", "--otlp-grpc-port")
    flags = [part for pair in zip(names, ports, strict=True) for part in pair]
    with subprocess.Popen(
        [str(installed), "view", "--memory", *flags],
        stdout=subprocess.PIPE,
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
    ) as process:
        try:
            assert process.stdout is not None
            assert b"Sightline: http" in process.stdout.readline()
            yield f"http://127.0.0.1:{ports[0]}"
        finally:
            process.terminate()
            assert process.wait(30) == 0


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())


def test_the_page_and_every_file_it_names_come_with_the_wheel(page: str) -> None:
    named = re.findall(r'(?:href|src)="(/assets/[^"]+)"', get(page))
    assert len(named) > 5
    for address in named:
        assert get(page + address)


def test_the_rules_and_what_to_do_about_them_come_with_the_wheel(page: str) -> None:
    groups = json.loads(get(f"{page}/api/v1/rules"))["data"]["groups"]
    files = {Path(group["file"]).name for group in groups}
    assert files == {path.name for path in (ROOT / "prometheus" / "rules").glob("*.yml")}
    assert "docker compose ps" in json.loads(get(f"{page}/api/runbook/targetdown"))["text"]


def test_the_dashboards_and_the_query_languages_come_with_the_wheel(page: str) -> None:
    uids = {each["uid"] for each in json.loads(get(f"{page}/api/dashboards"))["dashboards"]}
    committed = {path.stem for path in (ROOT / "grafana" / "dashboards").glob("*.json")}
    assert uids == committed
    now = int(time.time())
    for query in (
        "/api/v1/query?query=sum(rate(up[5m]))",
        "/loki/api/v1/query_range?query=%7Bservice_name%3D%22a%22%7D",
        f"/api/search?q=%7B%7D&start={now - 60}&end={now}",
    ):
        assert json.loads(get(page + query)) is not None

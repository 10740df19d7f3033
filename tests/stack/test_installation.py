"""What a newcomer installs, in an environment of its own: nothing that the tests have besides."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from composed import ROOT
from loopback import free_ports

PAGE = ROOT / "docs" / "instrument-your-app.md"
APP = """
from fastapi import FastAPI
from sightline.telemetry import instrument

app = FastAPI()
instrument(app)
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment in which the page's first step was taken."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pinned = re.findall(r"^(\S+==[^\\\n]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    (folder / "versions").write_text("\n".join(pinned))
    (step,) = re.findall(r"^pip install .*viewer.*$", PAGE.read_text(), re.MULTILINE)
    programs = folder / "venv" / "bin"
    path = f"{programs}:/usr/bin:/bin"
    subprocess.run(
        ["sh", "-c", step],
        cwd=ROOT,
        # The versions that the tests run with, not whatever is newest today.
        env={**os.environ, "PATH": path, "PIP_CONSTRAINT": str(folder / "versions")},
        check=True,
        timeout=600,
    )
    return programs


@contextmanager
def started(*command: str | Path, folder: Path, url: str) -> Iterator[None]:
    with (folder / "output").open("w+b") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 60
            while process.poll() is None and not _answers(url):
                assert time.monotonic() < deadline, (folder / "output").read_text()
                time.sleep(0.1)
            assert process.poll() is None, (folder / "output").read_text()
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _answers(url: str) -> bool:
    try:
        return bool(read(url))
    except OSError:
        return False


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


@pytest.mark.timeout(900)
def test_the_installed_viewer_has_its_page_and_the_dashboards(
    programs: Path, tmp_path: Path
) -> None:
    page, http, grpc = free_ports(3)
    ports = ["--port", str(page), "--otlp-http-port", str(http), "--otlp-grpc-port", str(grpc)]
    command = [programs / "sightline", "view", "--memory", *ports]
    with started(*command, folder=tmp_path, url=f"http://127.0.0.1:{page}/healthz"):
        assert "<title>" in read(f"http://127.0.0.1:{page}/")
        assert '"uid"' in read(f"http://127.0.0.1:{page}/api/dashboards/service")


@pytest.mark.timeout(900)
def test_the_installed_package_instruments_an_app(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(APP)
    (port,) = free_ports(1)
    command = [programs / "python", "-m", "uvicorn", "shop:app", "--port", str(port)]
    with started(*command, folder=tmp_path, url=f"http://127.0.0.1:{port}/docs"):
        assert 'handler="/docs"' in read(f"http://127.0.0.1:{port}/metrics")

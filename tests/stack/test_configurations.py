"""Every server's own validator passes on the files that ship, and compose reads its file."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from composed import ROOT
from servers import RELEASES, find, program

COLLECTOR = ROOT / "otel-collector"


def run(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    release = next(one for one in RELEASES.values() if name in one.programs)
    find(release)
    if not (binary := program(name)):
        pytest.skip(f"{name} is not here. {release.remedy}")
    return subprocess.run(
        [binary, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def assert_valid(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_its_configuration_and_rules() -> None:
    assert_valid(run("promtool", "check", "config", "prometheus/prometheus.yml"))


def test_no_rule_has_what_promtool_s_linter_finds() -> None:
    files = sorted(map(str, (ROOT / "prometheus" / "rules").glob("*.yml")))
    assert files
    assert_valid(run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *files))


def test_every_rule_test_passes() -> None:
    tests = sorted(map(str, (ROOT / "prometheus" / "rule_tests").glob("*.yml")))
    assert tests
    assert_valid(run("promtool", "test", "rules", *tests))


@pytest.mark.parametrize("overlays", [[], ["tail-sampling.yaml"]], ids=["plain", "tail sampling"])
def test_the_collector_takes_its_configuration(overlays: Sequence[str], tmp_path: Path) -> None:
    files = [f"--config={COLLECTOR / name}" for name in ["config.yaml", *overlays]]
    assert_valid(run("otelcol", "validate", *files, QUEUE_FOLDER=str(tmp_path)))


def test_loki_takes_its_configuration() -> None:
    assert_valid(
        run("loki", "-config.file=loki/config.yaml", "-config.expand-env", "-verify-config"),
    )


def test_tempo_takes_its_configuration() -> None:
    arguments = ("-config.file=tempo/config.yaml", "-config.expand-env=true", "-config.verify=true")
    assert_valid(run("tempo", *arguments))


def test_jaeger_takes_its_configuration(tmp_path: Path) -> None:
    assert_valid(
        run("jaeger", "validate", "--config=jaeger/config.yaml", JAEGER_FOLDER=str(tmp_path)),
    )


@pytest.mark.parametrize(
    "settings",
    [{}, {"TRACE_STORE": "jaeger"}, {"TAIL_SAMPLING": "on"}, {"COMPOSE_PROFILES": "load"}],
    ids=["plain", "jaeger", "tail sampling", "load"],
)
def test_compose_reads_its_file_without_a_word(settings: dict[str, str]) -> None:
    done = run("docker-compose", "--env-file=/dev/null", "config", "--quiet", **settings)
    assert_valid(done)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("prometheus", ["docker-compose.yml"]),
        ("loki", ["docker-compose.yml"]),
        ("otelcol", ["otel-collector/Dockerfile"]),
        ("tempo", ["tempo/compose.yaml"]),
        ("jaeger", ["jaeger/Dockerfile"]),
        ("postgresql", ["docker-compose.yml"]),
    ],
)
def test_the_image_is_the_release_that_is_tested(name: str, files: Sequence[str]) -> None:
    images = {"otelcol": "opentelemetry-collector-contrib", "postgresql": "postgres"}
    wanted = rf"[/ ]{images.get(name, name)}:v?{re.escape(RELEASES[name].version)}\s"
    for file in files:
        assert re.search(wanted, (ROOT / file).read_text()), f"{wanted} is not in {file}"

"""What the compose files promise, read from them: `tests/stack/compose` asks it of an engine."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILES = ("docker-compose.yml", "tempo/compose.yaml", "jaeger/compose.yaml")
SERVICES: dict[str, dict[str, Any]] = {
    name: body
    for file in FILES
    for name, body in yaml.safe_load((ROOT / file).read_text())["services"].items()
}
EVERY_SERVICE = pytest.mark.parametrize("name", sorted(SERVICES))
# Formats that nothing but a key or token has; the made-up ones of tests have others.
SECRETS = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY",
    r"AKIA[0-9A-Z]{16}",
    r"gh[pousr]_[0-9A-Za-z]{36}",
    r"glpat-[0-9A-Za-z_-]{20}",
)


@EVERY_SERVICE
def test_a_port_is_published_on_the_loopback_alone(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    assert all(port.startswith("127.0.0.1:") for port in ports), ports
    assert "network_mode" not in SERVICES[name]


@EVERY_SERVICE
def test_a_container_holds_nothing_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+m", service["mem_limit"])
    assert "privileged" not in service
    assert not any("docker.sock" in volume for volume in service.get("volumes", []))


@EVERY_SERVICE
def test_what_takes_requests_says_whether_it_is_healthy(name: str) -> None:
    assert "healthcheck" in SERVICES[name] or name == "load"


@EVERY_SERVICE
def test_a_folder_of_this_repository_is_mounted_to_be_read_alone(name: str) -> None:
    mounts = [volume for volume in SERVICES[name].get("volumes", []) if volume.startswith(".")]
    assert all(mount.endswith(":ro") for mount in mounts), mounts


@EVERY_SERVICE
def test_an_image_names_its_version_unless_it_is_built_here(name: str) -> None:
    service = SERVICES[name]
    assert "build" in service or re.search(r":v?\d+(\.\d+)*$", service["image"])


@EVERY_SERVICE
def test_no_setting_has_a_password_of_its_own(name: str) -> None:
    settings = SERVICES[name].get("environment") or {}
    given = {key: str(value) for key, value in settings.items() if "PASSWORD" in key.upper()}
    assert all(re.fullmatch(r"\$\{\w+:-\}", value) for value in given.values()), given


def test_the_database_is_published_nowhere_and_its_network_leads_nowhere() -> None:
    assert "ports" not in SERVICES["postgres"]
    assert SERVICES["postgres"]["networks"] == ["database"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert compose["networks"]["database"]["internal"] is True
    assert {name for name, body in SERVICES.items() if "database" in body.get("networks", [])} == {
        "postgres",
        "orders",
    }


def test_every_setting_of_compose_is_named_in_the_example_file() -> None:
    texts = [(ROOT / file).read_text().replace("$$", "") for file in FILES]
    read = {name for text in texts for name in re.findall(r"\$\{(\w+)", text)}
    example = (ROOT / ".env.example").read_text()
    assert {name for name in read if not re.search(rf"^# {name}=", example, re.MULTILINE)} == set()


def test_no_secret_is_in_the_repository() -> None:
    patterns = [part for secret in SECRETS for part in ("-e", secret)]
    found = subprocess.run(
        ["git", "grep", "--extended-regexp", "--files-with-matches", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 1, found.stdout + found.stderr


def test_an_image_is_built_from_what_is_named_and_never_from_settings() -> None:
    """All is left out but what .dockerignore lets in: no .env, no .git, no database."""
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert not any(name.startswith(".") for name in let_in)
    assert {name for name in let_in if not (ROOT / name).exists()} == set()


def test_an_image_is_built_from_every_file_that_the_wheel_takes_in() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    wanted = wheel["targets"]["wheel"]["force-include"]
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "services" / "Dockerfile").read_text(), re.MULTILINE
    )
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"]
    for names in (" ".join(copied).split(), let_in):
        assert [path for path in wanted if not any(map(Path(path).is_relative_to, names))] == []

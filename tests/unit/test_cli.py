"""The command line: each command is there, and none waits for what another one needs."""

import os
import signal
import subprocess
import sys

import pytest

COMMANDS = ["view", "run", "demo", "ledger", "doctor", "drill"]
LOADED = "import sys; from sightline import cli; cli._parser({!r}); print(*sys.modules)"
OF_OTHERS = ("sightline.proof", "sightline.run", "sightline.demo", "duckdb", "urllib.request")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_help_names_every_command() -> None:
    said = run("-m", "sightline", "--help").stdout
    assert [name for name in COMMANDS if f"    {name} " in said] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_tells_its_own_options(command: str) -> None:
    ended = run("-m", "sightline", command, "--help")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"usage: sightline {command} ")
    assert "--" in ended.stdout.partition("--help")[2]


def test_the_viewer_starts_without_what_other_commands_need() -> None:
    loaded = run("-c", LOADED.format("view")).stdout.split()
    assert "sightline.viewer.options" in loaded
    assert [name for name in loaded if name.startswith(OF_OTHERS)] == []


def test_a_command_that_is_none_is_told_which_there_are() -> None:
    ended = run("-m", "sightline", "views")
    assert ended.returncode == 2
    assert all(name in ended.stderr for name in COMMANDS)


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "sightline", "drill", "--list"]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writing)
    assert ended.returncode == 128 + signal.SIGPIPE
    assert b"Traceback" not in ended.stderr

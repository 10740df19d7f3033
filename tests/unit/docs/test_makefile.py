"""What `make` does before it runs anything: settings, and a word to those with an old Python."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[3] / "Makefile"
SHOW = 'show:\n\t@$(SETTINGS) printf "%s %s %s" "$$SIGHTLINE_PORT" "$$LOG_FORMAT" "$$ODD"\n'


def show(folder: Path, **environment: str) -> list[str]:
    (folder / "show.mk").write_text(f"include {MAKEFILE}\n{SHOW}")
    bare = {k: v for k, v in os.environ.items() if k not in {"SIGHTLINE_PORT", "LOG_FORMAT"}}
    ended = subprocess.run(
        ["make", "--silent", "-f", "show.mk", "show"],
        cwd=folder,
        env={**bare, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return ended.stdout.split(" ", 2)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text("SIGHTLINE_PORT=3333\n# a word\nLOG_FORMAT=console  # two\n")
    return tmp_path


def test_a_setting_of_the_file_reaches_the_command(settings: Path) -> None:
    assert show(settings)[:2] == ["3333", "console"]


def test_the_environment_wins_over_the_file(settings: Path) -> None:
    assert show(settings, SIGHTLINE_PORT="4444")[:2] == ["4444", "console"]


def test_values_of_the_environment_stay_as_they_are(settings: Path) -> None:
    odd = 'it\'s "odd" $HOME `x` \\ here'
    assert show(settings, ODD=odd) == ["3333", "console", odd]


def test_load_hands_on_how_much_is_asked_for() -> None:
    asked = ["USERS=7", "RATE=310", "BUYING=4", "TIME=2m"]
    command = ["make", "--silent", "--dry-run", "-f", MAKEFILE, "load", *asked]
    planned = subprocess.run(
        command, cwd=MAKEFILE.parent, capture_output=True, text=True, timeout=30, check=True
    ).stdout
    assert planned.strip().endswith("sightline ledger --users 7 --rate 310 --buying 4 --time 2m")


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    assert show(tmp_path) == ["", "", ""]


def test_an_old_python_is_one_line_that_names_it_and_the_remedy(tmp_path: Path) -> None:
    old = tmp_path / "python"
    pretend = "import sys; sys.version_info = (3, 10, 13); exec(sys.argv[1])"
    old.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{pretend}' \"$2\"\n")
    old.chmod(0o755)
    ended = subprocess.run(
        ["make", "--silent", "-f", MAKEFILE, f"PYTHON={old}", "python-is-new-enough"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode != 0
    told, *rest = ended.stderr.splitlines()
    assert told.startswith("Sightline needs Python 3.11 or newer; ")
    assert "is 3.10. Name another: make PYTHON=python3.13" in told
    assert not [line for line in rest if not re.match(r"make(\[\d+\])?:", line)]

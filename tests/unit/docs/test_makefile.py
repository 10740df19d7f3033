"""The settings file reaches what `make` runs, and gives way to the environment."""

import os
import subprocess
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


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    assert show(tmp_path) == ["", "", ""]

"""README and the settings file say what is so."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
CI = (ROOT / ".ci" / "run").read_text()

# Where a command of README runs: in CI's script, or in the test named here.
RUN_BY = {
    "make demo": "tests/end_to_end/test_the_demo.py",
    "make load": "tests/end_to_end/test_the_load.py",
    "make doctor": "tests/end_to_end/test_the_doctor.py",
    "make drill": "tests/end_to_end/test_the_drills.py",
    "make bench": "tests/end_to_end/test_bench.py",
    "make up": "tests/stack/compose",
    "make down": "tests/stack/compose",
    "docker compose up --build --wait": "tests/stack/compose",
    "curl -X POST http://127.0.0.1:8000/checkout": "tests/end_to_end/test_the_demo.py",
}
# And the pages whose commands are run, by tests that read them from the page or do the same.
RUN_FOR = {
    "instrument-your-app.md": [
        "tests/end_to_end/own_app.py",
        "tests/stack/test_installation.py",
    ],
    "viewer.md": ["tests/end_to_end/test_wheel.py", "tests/unit/viewer/test_run.py"],
}


def commands() -> set[str]:
    return set(fenced(README)) | set(re.findall(r"`(make [a-z-]+)`", README))


def fenced(page: str) -> list[str]:
    """The commands of a page's shell blocks; a quoted text may go over several lines."""
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    parts = (r"'[^']*'", r'"[^"]*"', r"\\\n", r"[^\n]")
    return [
        command.strip()
        for block in blocks
        for command in re.findall(rf"(?:{'|'.join(parts)})+", block)
        if command.strip()
    ]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*?## ", MAKEFILE, re.MULTILINE))


def test_readme_is_short() -> None:
    assert len(README.splitlines()) < 150


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_of_readme_is_run_by_ci_or_a_test(command: str) -> None:
    if re.search(rf"^{re.escape(command)}$", CI, re.MULTILINE):
        return
    known = [test for start, test in RUN_BY.items() if command.startswith(start)]
    assert known, f"nothing runs {command!r}"
    assert (ROOT / known[0]).exists(), f"{known[0]} is not there"


@pytest.mark.parametrize("page", sorted(RUN_FOR))
def test_the_commands_of_a_page_are_run_by_tests(page: str) -> None:
    assert fenced((ROOT / "docs" / page).read_text()), f"{page} has no commands any more"
    for test in RUN_FOR[page]:
        assert (ROOT / test).exists(), f"{test} is not there"


def test_every_make_command_named_in_readme_exists() -> None:
    named = {c.removeprefix("make ") for c in commands() if c.startswith("make ")}
    assert named <= targets()


def test_there_are_few_make_targets_and_each_says_what_it_does() -> None:
    phony = set(re.findall(r"^\.PHONY: ([a-z-]+)$", MAKEFILE, re.MULTILINE))
    assert phony - {"help", "python-is-new-enough"} <= targets()


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)", page.read_text())
    dead = [link for link in links if not (page.parent / link).exists()]
    assert not dead


def test_every_setting_of_the_example_file_is_read_somewhere() -> None:
    example = (ROOT / ".env.example").read_text()
    names = re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)
    assert len(names) > 5
    for name in names:
        found = subprocess.run(
            ["git", "grep", "--quiet", "--word-regexp", name, "--", ":!.env.example", ":!*.md"],
            cwd=ROOT,
            check=False,
        )
        # The OpenTelemetry SDK reads its own variables.
        assert found.returncode == 0 or name.startswith("OTEL_"), f"{name} is read nowhere"

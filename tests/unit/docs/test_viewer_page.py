"""docs/viewer.md names the settings that there are, and no other."""

import argparse
import re
from pathlib import Path

from sightline.viewer.config import Settings, settings
from sightline.viewer.options import OPTIONS, add_arguments, variable

PAGE = (Path(__file__).parents[3] / "docs" / "viewer.md").read_text()


def test_each_setting_stands_in_the_table_with_its_variable_and_default() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| `(SIGHTLINE_\w+)` \| (?:`(.*?)`)? ?\|", PAGE, re.MULTILINE
    )
    assert rows == [
        (option.name, variable(option.name), option.default) for option in OPTIONS.values()
    ]


def test_its_file_is_one_that_the_viewer_reads(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "sightline.toml"
    path.write_text(block)
    found = settings_of("--config", str(path))
    assert found.retention_seconds == 7 * 86_400
    assert [target.job for target in found.targets] == ["orders"]


def test_every_flag_it_shows_is_one() -> None:
    code = "\n".join(
        re.findall(r"`([^`\n]+)`", PAGE) + re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    )
    shown = {flag for flag in re.findall(r"--([a-z][a-z-]+)", code) if flag != "require"}
    assert shown <= {*OPTIONS, "config", "keep", "service", "help"}


def settings_of(*flags: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return settings(parser.parse_args(flags), {})

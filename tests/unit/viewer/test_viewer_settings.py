"""Settings of `sightline view`: flags, then variables, then defaults; what is wrong is named."""

import argparse
import subprocess
from pathlib import Path

import pytest
from viewer_process import command

from sightline.viewer.config import SettingError, Settings, Target, add_arguments, settings


def read(*flags: str, **env: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return settings(parser.parse_args(flags), {"XDG_STATE_HOME": "/state", **env})


def test_nothing_needs_to_be_set() -> None:
    found = read()
    assert (found.host, found.port) == ("127.0.0.1", 3000)
    assert (found.otlp_http_port, found.otlp_grpc_port) == (4318, 4317)
    assert found.data == Path("/state/sightline/viewer")
    assert found.retention_seconds == 24 * 3600


def test_a_flag_goes_before_its_variable() -> None:
    assert read(SIGHTLINE_PORT="3100").port == 3100
    assert read("--port", "3200", SIGHTLINE_PORT="3100").port == 3200


def test_targets_come_by_flags_or_by_one_variable() -> None:
    found = read("--scrape", "a=http://x:1/m", "--scrape", "b=https://y/metrics").targets
    assert found == (Target("a", "http://x:1/m"), Target("b", "https://y/metrics"))
    assert [target.instance for target in found] == ["x:1", "y:443"]
    assert len(read(SIGHTLINE_SCRAPE="a=http://x/m, b=http://y/m").targets) == 2


def test_sizes_and_times_are_read_with_their_units() -> None:
    found = read("--retention", "7d", "--max-size", "500MB", "--scrape-interval", "250ms")
    assert (found.retention_seconds, found.max_bytes) == (7 * 86_400, 500 * 1024**2)
    assert found.scrape_seconds == 0.25


def test_memory_keeps_no_folder() -> None:
    assert read("--memory").data is None
    assert read(SIGHTLINE_MEMORY="1").data is None
    assert read(SIGHTLINE_MEMORY="0").data is not None


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--port", "0"], "--port '0'"),
        (["--otlp-http-port", "seventy"], "'seventy'"),
        (["--retention", "long"], "90m, 24h"),
        (["--retention", "0s"], "'0s'"),
        (["--max-size", "2"], "500MB"),
        (["--scrape", "http://x/metrics"], "NAME=URL"),
        (["--scrape", "x=ftp://x/metrics"], "NAME=URL"),
        (["--scrape", "x=http://:99999/metrics"], "NAME=URL"),
        (["--host", "0.0.0.0"], "on this machine only"),  # noqa: S104 — refused is the point
        (["--host", "192.168.1.4"], "ssh -L"),
        (["--host", "::"], "--host '::'"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_remedy(flags: list[str], says: str) -> None:
    with pytest.raises(SettingError) as refused:
        read(*flags)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_switch_that_is_neither_on_nor_off_is_named() -> None:
    with pytest.raises(SettingError, match="SIGHTLINE_DURABLE='perhaps'"):
        read(SIGHTLINE_DURABLE="perhaps")


def test_a_wrong_setting_ends_the_command_with_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        command("--port", "none", "--data", str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("sightline view: --port 'none' is not a port")
    assert done.stderr.count("\n") == 1


def test_the_help_teaches_every_flag() -> None:
    done = subprocess.run(command("--help"), capture_output=True, text=True, check=True, timeout=30)
    for flag in ("--scrape NAME=URL", "--memory", "--durable", "SIGHTLINE_RETENTION", "--data"):
        assert flag in done.stdout

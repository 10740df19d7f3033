"""Settings of `sightline view`: flags, variables, a file, defaults; what is wrong is named."""

import argparse
import os
import subprocess
from pathlib import Path

import pytest
from viewer_process import command

from sightline.viewer.config import SettingError, Settings, Target, add_arguments, settings
from sightline.viewer.options import OPTIONS, variable
from sightline.viewer.rules.shipped import shipped_rules

LONG = "0123456789abcdef"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(*flags: str, **env: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return settings(parser.parse_args(flags), {"XDG_STATE_HOME": "/state", **env})


def file(text: str, name: str = "sightline.toml") -> Path:
    path = Path(name)
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_nothing_needs_to_be_set() -> None:
    found = read()
    assert (found.host, found.port) == ("127.0.0.1", 3000)
    assert (found.otlp_http_port, found.otlp_grpc_port) == (4318, 4317)
    assert found.data == Path("/state/sightline/viewer")
    assert found.retention_seconds == 24 * 3600
    assert (found.token, found.otlp_keys, found.file) == ("", (), None)


def test_a_flag_goes_before_its_variable_and_that_before_the_file() -> None:
    file('port = 3100\nretention = "7d"\nmemory = true')
    found = read()
    assert (found.port, found.retention_seconds, found.data) == (3100, 7 * 86_400, None)
    assert found.file == Path("sightline.toml")
    assert read(SIGHTLINE_PORT="3200").port == 3200
    assert read("--port", "3300", SIGHTLINE_PORT="3200").port == 3300
    assert read(SIGHTLINE_MEMORY="0").data is not None


def test_each_listener_has_a_port_of_its_own() -> None:
    said = "--port and --otlp-http-port are both 4318: give each a port of its own"
    with pytest.raises(SettingError, match=said):
        read("--port", "4318")
    with pytest.raises(SettingError, match="--otlp-http-port and --otlp-grpc-port are both 4400"):
        read("--otlp-http-port", "4400", SIGHTLINE_OTLP_GRPC_PORT="4400")


def test_a_file_is_named_by_flag_or_variable_instead_of_the_folders_own() -> None:
    file("port = 3100")
    other = file("port = 3150", "other.toml")
    assert read("--config", str(other)).port == 3150
    assert read(SIGHTLINE_CONFIG=str(other)).port == 3150
    with pytest.raises(SettingError, match=r"cannot read absent.toml: No such file"):
        read("--config", "absent.toml")


def test_every_option_can_be_given_in_a_file() -> None:
    texts = {"switch": "true", "list": '["a=http://x/m"]', "text": '"1h"'}
    special = {
        "host": '"127.0.0.1"',
        "port": "1",
        "otlp-http-port": "2",
        "otlp-grpc-port": "3",
        "data": '"d"',
        "max-size": '"1GB"',
        "environment": '"e"',
        "dashboards": '"."',
        "token": f'"{LONG}"',
        "otlp-keys": f'["{LONG}", "{LONG}1"]',
        "allow-host": '["Box.local"]',
    }
    lines = [
        f"{name} = {special.get(name, texts[option.kind])}" for name, option in OPTIONS.items()
    ]
    file("\n".join(lines))
    found = read()
    assert found.targets == (Target("a", "http://x/m"),)
    assert (found.port, found.otlp_http_port, found.durable) == (1, 2, True)
    assert found.otlp_keys == (LONG, LONG + "1")
    assert found.allowed_hosts == {"box.local"}


def test_targets_come_by_flags_by_one_variable_or_as_a_table() -> None:
    found = read("--scrape", "a=http://x:1/m", "--scrape", "b=https://y/metrics").targets
    assert found == (Target("a", "http://x:1/m"), Target("b", "https://y/metrics"))
    assert [target.instance for target in found] == ["x:1", "y:443"]
    assert len(read(SIGHTLINE_SCRAPE="a=http://x/m, b=http://y/m").targets) == 2
    file('[scrape]\norders = "http://x/m"')
    assert read().targets == (Target("orders", "http://x/m"),)


def test_sizes_and_times_are_read_with_their_units() -> None:
    found = read("--retention", "7d", "--max-size", "500MB", "--scrape-interval", "250ms")
    assert (found.retention_seconds, found.max_bytes) == (7 * 86_400, 500 * 1024**2)
    assert found.scrape_seconds == 0.25


def test_the_shipped_rules_are_evaluated_unless_others_or_none_are_named() -> None:
    assert (read().rules, read().evaluation_seconds) == (shipped_rules(), 15)
    assert read("--rules", "/own").rules == Path("/own")
    own = read(SIGHTLINE_RULES="none", SIGHTLINE_EVALUATION_INTERVAL="5s")
    assert (own.rules, own.evaluation_seconds) == (None, 5)


def test_ones_own_dashboards_are_in_a_folder_that_there_is(tmp_path: Path) -> None:
    assert read().dashboards is None
    assert read("--dashboards", str(tmp_path)).dashboards == tmp_path
    assert read(SIGHTLINE_DASHBOARDS=".").dashboards == Path()
    file("{}", "board.json")
    for given in ("absent", "board.json"):
        with pytest.raises(SettingError, match=f"--dashboards '{given}' is no folder: name one"):
            read("--dashboards", given)
    file("dashboards = 'absent'")
    with pytest.raises(
        SettingError, match=r"dashboards = 'absent' in sightline\.toml is no folder"
    ):
        read()


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
        (["--host", "0.0.0.0"], "SIGHTLINE_TOKEN and SIGHTLINE_OTLP_KEYS"),  # noqa: S104 — refused is the point
        (["--host", "192.168.1.4"], "ssh -L 3000:127.0.0.1:3000"),
        (["--host", "::"], "--host '::'"),
        (["--host", "everywhere"], "--host 'everywhere' is not an address"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_remedy(flags: list[str], says: str) -> None:
    with pytest.raises(SettingError) as refused:
        read(*flags)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("prot = 1", "'prot' in sightline.toml is no setting: did you mean port?"),
        ("max_size = '1GB'", "did you mean max-size?"),
        ("colour = 'red'", "known are port, "),
        ("port = 0", "port = 0 in sightline.toml is not a port"),
        ("port = true", "port = True in sightline.toml is not a text or a number"),
        ("port = [1, 2]", "is not a text or a number"),
        ("memory = 'yes'", "memory = 'yes' in sightline.toml is not true or false"),
        ("scrape = [true]", "scrape = True in sightline.toml is not a list of texts"),
        ("port 1", "sightline.toml is not TOML"),
        ("token = 'short'", "token in sightline.toml is no secret"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_by_its_key(text: str, says: str) -> None:
    file(text)
    with pytest.raises(SettingError) as refused:
        read()
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "short" not in str(refused.value)


def test_a_switch_that_is_neither_on_nor_off_is_named() -> None:
    with pytest.raises(SettingError, match="SIGHTLINE_DURABLE='perhaps'"):
        read(SIGHTLINE_DURABLE="perhaps")


def test_beyond_this_machine_it_starts_with_a_token_and_keys_only() -> None:
    secrets = {"SIGHTLINE_TOKEN": LONG, "SIGHTLINE_OTLP_KEYS": f"{LONG},{LONG}2"}
    found = read("--host", "192.168.1.4", **secrets)
    assert (found.is_local, found.token, len(found.otlp_keys)) == (False, LONG, 2)
    for name in secrets:
        with pytest.raises(SettingError, match=f"set {name}"):
            read("--host", "192.168.1.4", **(secrets | {name: ""}))
    with pytest.raises(SettingError, match="3 keys"):
        read(SIGHTLINE_OTLP_KEYS=",".join([LONG] * 3))


def test_secrets_are_in_no_message_and_have_no_flag() -> None:
    weak = "hunter2"
    for name in ("token", "otlp-keys"):
        with pytest.raises(SettingError, match=variable(name)) as refused:
            read(**{variable(name): weak})
        assert weak not in str(refused.value)
        with pytest.raises(SystemExit):
            read(f"--{name}", LONG)
    assert LONG not in repr(read(SIGHTLINE_TOKEN=LONG, SIGHTLINE_OTLP_KEYS=LONG))


def test_a_file_with_secrets_that_others_can_read_is_refused() -> None:
    file(f"token = '{LONG}'").chmod(0o644)
    with pytest.raises(SettingError, match=r"chmod 600 sightline\.toml"):
        read()


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


def test_the_help_teaches_every_flag_with_its_variable_and_shows_examples() -> None:
    env = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(
        command("--help"), capture_output=True, text=True, check=True, timeout=30, env=env
    )
    for name, option in OPTIONS.items():
        assert (f"--{name}" in done.stdout) is not option.secret, name
        assert variable(name) in done.stdout
    assert "sightline view --scrape orders=http" in done.stdout

"""A wrong setting ends the start with one sentence that names it."""

import os
import subprocess
import sys

import pytest

from sightline.telemetry import TelemetryError
from sightline.telemetry.resource import describe_process
from sightline.telemetry.settings import read_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_LOGS_EXPORTER", "file"),
        ("OTEL_SDK_DISABLED", "maybe"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "carrier-pigeon"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:port"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "nowhere"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_TRACES_SAMPLER", "sometimes"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-1"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "1s"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(TelemetryError) as error:
        read_settings()
    assert name in str(error.value)
    assert repr(value) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_ratio_must_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "10%")
    with pytest.raises(TelemetryError, match="OTEL_TRACES_SAMPLER_ARG='10%'"):
        read_settings()


def test_levels_may_be_of_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, level in (("debug", 10), ("Warning", 30), ("CRITICAL", 50), ("", 20)):
        monkeypatch.setenv("LOG_LEVEL", text)
        assert read_settings().level == level


def test_the_default_endpoint_is_http_on_this_machine() -> None:
    settings = read_settings()
    assert settings.traces.endpoint == "http://127.0.0.1:4318/v1/traces"
    assert settings.logs.endpoint == "http://127.0.0.1:4318/v1/logs"


def test_grpc_has_its_own_default_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    assert read_settings().traces.endpoint == "http://127.0.0.1:4317"


def test_each_signal_may_have_its_own_endpoint_and_protocol(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1/base/")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://b:2/here")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc")
    settings = read_settings()
    assert (settings.traces.protocol, settings.traces.endpoint) == ("grpc", "http://a:1/base/")
    assert settings.logs.endpoint == "http://b:2/here"


def test_the_environment_names_the_service_and_arguments_fill_the_gaps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=env,service.version=9")
    given = {"service.version": "1", "deployment.environment.name": "dev"}
    found = describe_process("ignored", given).attributes
    assert found["service.name"] == "shop"
    assert found["service.namespace"] == "env"
    assert found["service.version"] == "9"
    assert found["deployment.environment.name"] == "dev"
    monkeypatch.delenv("OTEL_SERVICE_NAME")
    assert describe_process("used", given).attributes["service.name"] == "used"
    assert str(describe_process(None, {}).attributes["service.name"]).startswith("unknown_service")


def test_a_wrong_setting_ends_the_process_without_a_traceback() -> None:
    program = "import fastapi, sightline.telemetry as t; t.instrument(fastapi.FastAPI())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "LOG_LEVEL": "LOUD"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    levels = "DEBUG, INFO, WARNING, ERROR, CRITICAL"
    assert done.stderr == f"sightline.telemetry: LOG_LEVEL='LOUD' is not one of {levels}.\n"

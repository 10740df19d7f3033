"""Lines as they are written: one JSON object or one console line, whatever they say."""

import json
import logging
import warnings
from collections.abc import Callable

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import _logs, trace

from sightline.telemetry.logs import EventHandler
from sightline.telemetry.runtime import current_runtime

Written = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def nothing_sent(fresh_process: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fresh_process is None
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    monkeypatch.setenv("OTEL_LOGS_EXPORTER", "none")


@pytest.fixture
def written(capfdbinary: pytest.CaptureFixture[bytes]) -> Written:
    def read() -> list[str]:
        current_runtime().pump.flush()
        return capfdbinary.readouterr().out.decode().splitlines()

    return read


NASTY = 'x\n{"event": "forged"}\r\x1b[31mred\x07\x00\x7f\x9b2J\u2028\u202e end'


def test_a_line_is_one_json_object_whatever_it_says(app: FastAPI, written: Written) -> None:
    assert app
    log = structlog.get_logger("shop")
    log.info(NASTY, field=NASTY, **{NASTY: 1})
    logging.getLogger("lib").error("%s", NASTY, extra={"field": NASTY})
    lines = written()
    assert len(lines) == 2
    for line in lines:
        assert json.loads(line)["field"] == NASTY
        assert not set(line) & set("\x00\x07\r\x1b\x7f\x9b\u2028")


def test_what_json_cannot_say_is_said_as_text(app: FastAPI, written: Written) -> None:
    assert app
    log = structlog.get_logger("shop")
    log.info("odd", lone="\ud800", big=2**70, nan=float("nan"), raw=b"\xff", kind=object, s={1})
    (line,) = written()
    fields = json.loads(line)
    assert fields["big"] in (2**70, str(2**70))
    assert "object" in fields["kind"]
    assert fields["s"] == [1]


def test_a_field_named_like_one_of_ours_steps_aside(app: FastAPI, written: Written) -> None:
    assert app
    structlog.get_logger("shop").info("said", level="gold", service="other", trace_id="mine")
    line = json.loads(written()[0])
    assert (line["level"], line["service"], line["trace_id"]) == ("info", "shop", None)
    assert (line["level_"], line["service_"], line["trace_id_"]) == ("gold", "other", "mine")


def test_exceptions_are_logged_with_their_stack(app: FastAPI, written: Written) -> None:
    assert app
    try:
        int("broken")
    except ValueError as error:
        structlog.get_logger("shop").exception("payment.failed", order_id=7)
        structlog.get_logger("shop").error("again", exc_info=error)
        logging.getLogger("lib").exception("third")
    for line in map(json.loads, written()):
        assert line["exception"].endswith("'broken'")
        assert line["level"] == "error"


def test_the_level_hides_what_is_below_it(
    monkeypatch: pytest.MonkeyPatch, make_app: Callable[..., FastAPI], written: Written
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "warning")
    app = make_app()
    log = structlog.get_logger("levels.of.shop")
    log.info("hidden")
    log.warning("shown")
    logging.getLogger("lib").info("hidden")
    logging.getLogger("lib").warning("shown too")
    TestClient(app).get("/")
    assert [json.loads(line)["event"] for line in written()] == ["shown", "shown too"]


def test_warnings_are_lines(app: FastAPI, written: Written) -> None:
    assert app
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old ways", stacklevel=1)
        logging.captureWarnings(capture=False)
    line = json.loads(written()[0])
    assert "old ways" in line["event"]
    assert line["logger"] == "py.warnings"


def test_a_logger_without_a_name_has_that_of_its_module(app: FastAPI, written: Written) -> None:
    assert app
    structlog.get_logger().info("said")
    assert json.loads(written()[0])["logger"] == __name__


def test_arguments_that_do_not_fit_are_a_line_too(app: FastAPI, written: Written) -> None:
    assert app
    record = logging.makeLogRecord({"msg": "%d apples", "args": ("no number",), "levelno": 30})
    next(h for h in logging.getLogger().handlers if isinstance(h, EventHandler)).handle(record)
    assert "apples" in json.loads(written()[0])["event"]


def test_an_error_is_written_before_the_call_returns(
    app: FastAPI, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert app
    structlog.get_logger("shop").error("last.words")
    assert b"last.words" in capfdbinary.readouterr().out


def test_the_console_shows_the_request_id_on_each_line(
    monkeypatch: pytest.MonkeyPatch, make_app: Callable[..., FastAPI], written: Written
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "console")
    app = make_app()

    @app.get("/")
    def handler() -> None:
        structlog.get_logger("shop").info("order.created", order_id=7, note=NASTY)
        logging.getLogger("lib").warning(NASTY)
        raise ValueError("several\nlines\n\x1b[31m")

    client = TestClient(app, raise_server_exceptions=False)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    client.get("/", headers={"x-request-id": "cafe0001"})
    lines = written()
    assert len(lines) > 8
    assert all("[cafe0001]" in line for line in lines)
    assert not set("".join(lines)) & set("\x1b\x07\x9b\u2028\x7f\x00")
    created = next(line for line in lines if "order.created" in line)
    assert "order_id=7" in created
    assert "info" in created
    assert "password" not in created


def test_log_records_of_opentelemetrys_own_api_are_lines(app: FastAPI, written: Written) -> None:
    assert app
    with trace.get_tracer("shop").start_as_current_span("work"):
        _logs.get_logger("shop.otel").emit(
            body="otel.said",
            severity_number=_logs.SeverityNumber.WARN,
            attributes={"colour": "red", "password": "hunter2"},
        )
    line = json.loads(written()[0])
    assert (line["event"], line["level"], line["colour"]) == ("otel.said", "warning", "red")
    assert line["password"] == "[REDACTED]"
    assert line["trace_id"]

"""Loggers that an app has set up for itself, as with `dictConfig`, write our lines all the same."""

import logging
import logging.config
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from sightline.telemetry.testing import CapturedTelemetry


def set_up(folder: Path) -> logging.Logger:
    """One with a console and a file of its own, one with a file, both with nothing for the root."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "console": {"class": "logging.StreamHandler"},
                "file": {"class": "logging.FileHandler", "filename": str(folder / "own.log")},
            },
            "loggers": {
                "own": {"level": "INFO", "handlers": ["console", "file"], "propagate": False},
                "filed": {"level": "INFO", "handlers": ["file"], "propagate": False},
            },
        }
    )
    return logging.getLogger("own")


@pytest.fixture(autouse=True)
def _loggers_end_as_they_began() -> Iterator[None]:
    yield
    for name in ("own", "filed"):
        logger = logging.getLogger(name)
        for handler in logger.handlers[:]:
            logger.removeHandler(handler)
            handler.close()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


def test_a_logger_with_a_console_of_its_own_writes_our_lines_once(
    make_app: Callable[..., FastAPI],
    telemetry: CapturedTelemetry,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    own = set_up(tmp_path)
    app = make_app()

    @app.get("/")
    async def handler() -> None:
        own.info("said %s", "this", extra={"colour": "red"})

    TestClient(app).get("/")
    line, access = telemetry.line("said this"), telemetry.line("http.request")
    assert (line["colour"], line["logger"]) == ("red", "own")
    assert (line["request_id"], line["trace_id"]) == (access["request_id"], access["trace_id"])
    assert "said this" not in "".join(capsys.readouterr())


def test_what_goes_to_a_file_still_goes_there(
    make_app: Callable[..., FastAPI],
    telemetry: CapturedTelemetry,
    tmp_path: Path,
) -> None:
    own = set_up(tmp_path)
    make_app()
    own.info("both")
    logging.getLogger("filed").info("the file alone")
    assert (tmp_path / "own.log").read_text().splitlines() == ["both", "the file alone"]
    assert [line["event"] for line in telemetry.lines] == ["both"]

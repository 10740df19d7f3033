"""Targets that answer badly, slowly or not at all are down, and are asked again the next time."""

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from viewer_process import eventually

from sightline.viewer.config import Target
from sightline.viewer.promql.samples import Matcher
from sightline.viewer.receive import scrape as scrape_module
from sightline.viewer.receive.fetch import FetchFailed, fetch
from sightline.viewer.receive.scrape import Scraper
from sightline.viewer.receive.tally import Tally
from sightline.viewer.receive.targets import Targets
from sightline.viewer.store import Store

pytestmark = pytest.mark.anyio
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ZIPPED = gzip.compress(b"a 1\n", mtime=0)
GOOD = OK + b"\r\na 1\n"


@contextmanager
def answering(*answers: bytes, pause: float = 0) -> Iterator[str]:
    """A port that says these bytes, one answer a connection and then the last one again."""
    ended, left = threading.Event(), list(answers)

    def say(connection: socket.socket, text: bytes) -> None:
        with connection:
            connection.recv(10_000)
            for piece in [text] if not pause else [text[n : n + 1] for n in range(len(text))]:
                try:
                    connection.sendall(piece)
                except OSError:
                    return
                if ended.wait(pause):
                    return

    def serve() -> None:
        while not ended.is_set():
            connection, _ = listening.accept()
            say(connection, left.pop(0) if len(left) > 1 else left[0])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}/metrics"
        finally:
            ended.set()
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join(10)


def ups(store: Store, job: str = "odd") -> list[float]:
    matchers = [Matcher("__name__", "=", "up"), Matcher("job", "=", job)]
    found = store.samples.select(matchers, 0, 2**60)
    return found[0].values[~found[0].stale].tolist() if found else []


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "not HTTP"),
        (b"", "closed connection"),
        (CHUNKED + b"8\r\na 1", "cut on the way"),
        (CHUNKED + b"what\r\n", "cut on the way"),
        (OK + b"Content-Length: 100\r\n\r\na 1\n", "cut on the way"),
        (OK + b"Content-Length: 100\r\n\r\n", "cut on the way"),
        (
            OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"a 1\n", mtime=0)[:-9],
            "cut on the way",
        ),
        (OK + b"x" * 70_000 + b": y\r\n\r\n", "not HTTP"),
    ],
)
async def test_an_answer_that_is_none_is_down_and_the_next_one_is_read(
    store: Store, tally: Tally, answer: bytes, says: str
) -> None:
    with answering(answer, GOOD) as url:
        scraper = Scraper(Target("odd", url), store, tally, interval=0.05)
        running = asyncio.create_task(scraper.run())
        await asyncio.to_thread(eventually, lambda: 1.0 in ups(store), "a scrape that succeeds")
        assert ups(store)[0] == 0.0
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        with answering(answer) as same, pytest.raises(FetchFailed, match=says):
            await asyncio.to_thread(fetch, same, 5.0)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a page", "http://x" + "y" * 70 + "/"])
async def test_an_address_that_nothing_can_be_asked_of_is_down(
    store: Store, tally: Tally, url: str
) -> None:
    scraper = Scraper(Target("odd", url), store, tally, interval=1)
    await scraper.scrape()
    assert ups(store) == [0.0]
    assert scraper.health.error


@pytest.mark.parametrize("answer", [GOOD + b"a 1\n" * 100, OK + b"x: y\r\n" * 50])
async def test_a_page_that_comes_in_drops_does_not_outlast_its_time(answer: bytes) -> None:
    with answering(answer, pause=0.1) as url:
        began = time.monotonic()
        with pytest.raises(FetchFailed, match=r"longer than 0\.5 s"):
            await asyncio.to_thread(fetch, url, 0.5)
        assert time.monotonic() - began < 5


async def test_a_scrape_that_breaks_in_a_way_unforeseen_is_not_the_last(
    store: Store, tally: Tally, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("unforeseen")

    with answering(GOOD) as url:
        scraper = Scraper(Target("odd", url), store, tally, interval=0.05)
        with monkeypatch.context() as patched:
            patched.setattr(scrape_module, "fetch", broken)
            running = asyncio.create_task(scraper.run())
            error = lambda: "unforeseen" in scraper.health.error  # noqa: E731 — of this test alone
            await asyncio.to_thread(eventually, error, "the error on the status page")
        await asyncio.to_thread(eventually, lambda: scraper.health.up, "the next scrape")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert "unforeseen" in caplog.text


async def test_targets_that_do_not_answer_hold_up_nothing_else(store: Store, tally: Tally) -> None:
    """More of them than the default pool has threads: another target, and other work, go on."""
    with ExitStack() as open_ports:
        targets = Targets(lambda target: Scraper(target, store, tally, interval=3))
        for number in range(60):
            silent = open_ports.enter_context(socket.create_server(("127.0.0.1", 0)))
            port = silent.getsockname()[1]
            targets.add(Target(f"silent-{number}", f"http://127.0.0.1:{port}/"))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await asyncio.to_thread(lambda: None)
        targets.add(Target("odd", open_ports.enter_context(answering(GOOD))))
        while not ups(store):
            assert time.monotonic() - began < 2
            await asyncio.sleep(0.02)
        await targets.close()

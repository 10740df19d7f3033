"""Scraping as Prometheus does it: exemplars, staleness, its own series, and pages that are none."""

import asyncio
import gzip
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain
from viewer_process import eventually, viewer

from sightline.viewer.config import Target
from sightline.viewer.promql.samples import Labels, Matcher, Series
from sightline.viewer.receive import exposition
from sightline.viewer.receive.exposition import BadExposition, Parser
from sightline.viewer.receive.scrape import Scraper
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Store
from sightline.viewer.store.writer import QUEUE_BYTES

pytestmark = pytest.mark.anyio
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
PLAIN = "text/plain; version=0.0.4"


@dataclass
class Service:
    """A service whose page the test writes."""

    url: str = ""
    status: int = 200
    page: bytes = b""
    kind: str = PLAIN
    encoding: str = ""
    registry: CollectorRegistry | None = None
    asked: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def service() -> Iterator[Service]:
    written = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            written.asked.append({key.lower(): value for key, value in self.headers.items()})
            page, kind = written.page, written.kind
            if written.registry is not None:
                encode, kind = choose_encoder(self.headers["Accept"])
                page = encode(written.registry)
            self.send_response(written.status)
            self.send_header("Content-Type", kind)
            if written.encoding:
                self.send_header("Content-Encoding", written.encoding)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    written.url = f"http://127.0.0.1:{server.server_address[1]}/metrics"
    yield written
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def scraper(service: Service, store: Store, tally: Tally) -> Scraper:
    return Scraper(Target("orders", service.url), store, tally, interval=2, environment="test")


def series(store: Store, name: str, **labels: str) -> list[Series]:
    matchers = [Matcher("__name__", "=", name)]
    matchers += [Matcher(key, "=", value) for key, value in labels.items()]
    return store.samples.select(matchers, 0, 2**60)


async def test_openmetrics_is_asked_for_first_and_all_of_it_is_kept(
    service: Service, store: Store, scraper: Scraper
) -> None:
    service.registry = registry = CollectorRegistry()
    Counter("orders_created", "Placed.", ["currency"], registry=registry).labels("EUR").inc(3)
    seconds = Histogram("seconds", "Taken.", registry=registry, buckets=(0.5, 1))
    seconds.observe(0.3, exemplar={"trace_id": "ab" * 16, "span_id": "cd" * 8})
    Summary("order_value", "Of an order.", registry=registry).observe(9)
    Gauge("active", "Now.", registry=registry).set(2)
    await scraper.scrape()
    store.flush()
    assert service.asked[0]["accept"].startswith("application/openmetrics-text;version=1.0.0")
    (created,) = series(store, "orders_created_total")
    assert created.labels == {
        "__name__": "orders_created_total",
        "currency": "EUR",
        "job": "orders",
        "instance": service.url.split("/")[2],
        "service_name": "orders",
        "deployment_environment_name": "test",
    }
    assert created.values.tolist() == [3.0]
    buckets = {each.labels["le"]: each.values[-1] for each in series(store, "seconds_bucket")}
    assert buckets == {"0.5": 1.0, "1.0": 1.0, "+Inf": 1.0}
    ((labels, (exemplar,)),) = store.samples.exemplars([], 0, 2**60)
    assert (labels["__name__"], labels["le"]) == ("seconds_bucket", "0.5")
    assert exemplar.labels == {"trace_id": "ab" * 16, "span_id": "cd" * 8}
    assert store.samples.metadata()["orders_created_total"][0].type == "counter"
    assert store.samples.metadata()["seconds"][0] == ("histogram", "Taken.", "")


async def test_a_scrape_tells_about_itself(
    service: Service, store: Store, scraper: Scraper
) -> None:
    service.page = b"a 1\nb 2\n"
    await scraper.scrape()
    assert series(store, "up")[0].values.tolist() == [1.0]
    assert series(store, "scrape_samples_scraped")[0].values.tolist() == [2.0]
    assert series(store, "scrape_duration_seconds")[0].values[0] > 0
    assert (scraper.health.up, scraper.health.samples) == (True, 2)


async def test_a_series_that_is_gone_is_marked_stale_once(
    service: Service, store: Store, scraper: Scraper
) -> None:
    service.page = b'a{x="1"} 1\nb 2\n'
    await scraper.scrape()
    service.page = b"b 3\n"
    for _ in range(2):
        await asyncio.sleep(0.002)
        await scraper.scrape()
    assert series(store, "a")[0].stale.tolist() == [False, True]
    assert series(store, "b")[0].stale.tolist() == [False, False, False]


@pytest.mark.parametrize(
    ("status", "page", "kind", "says"),
    [
        (500, b"a 1\n", PLAIN, "500"),
        (302, b"", PLAIN, "302"),
        (200, b"a 1\nnonsense\n", PLAIN, "nonsense"),
        (200, b"a one\n", PLAIN, "one"),
        (200, b'a{b="c} 1\n', PLAIN, "a{b="),
        (200, b"a 1\n", OPENMETRICS, "EOF"),
        (200, b"a 1 # {x} 2\n# EOF\n", OPENMETRICS, "labels"),
        (200, b"\xff\xfe 1\n", PLAIN, "UTF-8"),
    ],
)
async def test_a_page_that_is_none_ends_all_series_and_is_down(
    service: Service, store: Store, scraper: Scraper, status: int, page: bytes, kind: str, says: str
) -> None:
    service.page = b"a 5\n"
    await scraper.scrape()
    service.status, service.page, service.kind = status, page, kind
    await asyncio.sleep(0.002)
    await scraper.scrape()
    assert says in scraper.health.error
    assert series(store, "up")[0].values.tolist() == [1.0, 0.0]
    assert series(store, "a")[0].stale.tolist() == [False, True]
    service.status, service.page, service.kind = 200, b"a 1\n", PLAIN
    await asyncio.sleep(0.002)
    await scraper.scrape()
    # The counter began anew, which is for the query to see: values are kept as they come.
    assert series(store, "a")[0].values[[0, 2]].tolist() == [5.0, 1.0]
    assert scraper.health.error == ""


async def test_nothing_listening_is_down_not_an_error(store: Store, tally: Tally) -> None:
    scraper = Scraper(Target("gone", "http://127.0.0.1:9/metrics"), store, tally, interval=1)
    await scraper.scrape()
    assert series(store, "up", job="gone")[0].values.tolist() == [0.0]
    assert "refused" in scraper.health.error


async def test_times_of_the_page_are_kept(service: Service, store: Store, scraper: Scraper) -> None:
    at = store.head.start_ms + 1_234
    service.page = f"a 1 {at}\n".encode()
    await scraper.scrape()
    service.page = b""
    await asyncio.sleep(0.002)
    await scraper.scrape()
    (found,) = series(store, "a")
    assert found.ts.tolist() == [at]


async def test_a_time_too_far_ahead_or_none_costs_its_sample_alone(
    service: Service, store: Store, scraper: Scraper, tally: Tally
) -> None:
    tomorrow = int(time.time() * 1000) + 86_400_000
    service.page = f"a 1 {tomorrow}\nb 2 {10**30}\nc 3 -5\nd 4\n".encode()
    await scraper.scrape()
    assert [bool(series(store, name)) for name in "abcd"] == [False, False, False, True]
    assert series(store, "up")[0].values.tolist() == [1.0]
    assert tally.services["scrape", "orders"].rejected == 3
    assert "too far ahead" in tally.last_rejection["scrape"]
    service.page = b"a 5\n"
    await scraper.scrape()
    assert series(store, "a")[0].values.tolist() == [5.0]


async def test_a_sample_that_is_the_same_again_is_counted_as_repeated(
    service: Service, store: Store, scraper: Scraper, tally: Tally
) -> None:
    service.page = f"a 1 {store.head.start_ms + 5}\nb 2\n".encode()
    for _ in range(3):
        await asyncio.sleep(0.002)
        await scraper.scrape()
    counts = tally.services["scrape", "orders"]
    assert (counts.received, counts.duplicates) == (15, 2)
    assert series(store, "a")[0].values.tolist() == [1.0]


async def test_own_job_and_instance_of_a_page_are_put_aside(
    service: Service, store: Store, scraper: Scraper
) -> None:
    service.page = b'a{job="inner",service_name="theirs"} 1\n'
    await scraper.scrape()
    (found,) = series(store, "a")
    assert found.labels["job"] == "orders"
    assert found.labels["exported_job"] == "inner"
    assert found.labels["service_name"] == "theirs"


async def test_a_compressed_page_is_inflated(
    service: Service, store: Store, scraper: Scraper
) -> None:
    service.page, service.encoding = gzip.compress(b"a 1\n"), "gzip"
    await scraper.scrape()
    assert series(store, "a")
    service.page = gzip.compress(bytes(40 * 1024 * 1024))
    await scraper.scrape()
    assert "larger than" in scraper.health.error


async def test_secrets_of_a_page_are_masked(
    service: Service, store: Store, scraper: Scraper
) -> None:
    service.page = b'a{url="http://x/?token=hunter2",password="hunter2"} 1\n'
    await scraper.scrape()
    store.flush()
    assert "hunter2" not in repr(store.query("SELECT * FROM series"))
    assert series(store, "a")


async def test_a_full_queue_costs_samples_but_not_what_the_series_are(
    service: Service, store: Store, scraper: Scraper, tally: Tally
) -> None:
    service.page = b"a 1\n"
    store.reserve(QUEUE_BYTES)
    await scraper.scrape()
    assert tally.refusals["scrape", 503].requests == 1
    store.release(QUEUE_BYTES)
    await scraper.scrape()
    store.flush()
    assert store.query("SELECT count(*) FROM series WHERE name = 'a'") == [(1,)]
    assert series(store, "a")[0].values.tolist() == [1.0]


async def test_a_scrape_that_breaks_midway_costs_samples_but_not_what_the_series_are(
    service: Service, store: Store, scraper: Scraper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("unforeseen")

    service.page = b"# HELP a of a\n# TYPE a gauge\na 1\n"
    with monkeypatch.context() as patched:
        patched.setattr(scraper, "_add_samples", broken)
        await scraper._scrape_once()
    await scraper._scrape_once()
    store.flush()
    assert store.query("SELECT count(*) FROM series WHERE name = 'a'") == [(1,)]
    assert store.query("SELECT name, help FROM metric_metadata") == [("a", "of a")]
    assert series(store, "a")[0].values.tolist() == [1.0]


async def test_a_target_that_is_taken_away_leaves_no_live_series(
    service: Service, store: Store, scraper: Scraper
) -> None:
    service.page = b"a 1\n"
    task = asyncio.create_task(scraper.run())
    await asyncio.to_thread(eventually, lambda: series(store, "a"), "the sample")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert series(store, "a")[0].stale.tolist()[-1]
    assert series(store, "up")[0].stale.tolist()[-1]


async def test_a_series_that_retention_forgot_is_found_again_when_its_app_is_back(
    service: Service, store: Store, scraper: Scraper
) -> None:
    store.retention._age_due = float("inf")
    service.page = b'a 1\nb{c="d"} 2\n'
    await scraper.scrape()
    store.flush()
    store.retention.by_age(store._connection, time.time() + 25 * 3600)
    assert not series(store, "a")
    await scraper.scrape()
    assert series(store, "a")[0].values.tolist() == [1.0]
    assert series(store, "b", c="d")[0].values.tolist() == [2.0]
    store.flush()
    assert store.query("SELECT count(*) FROM series WHERE name IN ('a', 'b')") == [(2,)]


def test_only_series_that_are_still_stored_count_towards_the_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exposition, "MAX_SERIES", 4)
    stored: list[int] = []

    def series_of(*_: object) -> int:
        stored.append(time.time_ns())
        return stored[-1]

    parser = Parser(series_of, stored)
    page = "".join(f'a{{n="{number}"}} 1\n' for number in range(4))
    for _ in range(2):
        assert len(parser.parse(page, openmetrics=False).samples) == 4
        with pytest.raises(BadExposition, match="4 series of it are kept already"):
            parser.parse("b 1\n", openmetrics=False)
        stored.clear()
        assert len(parser.parse(page.replace("n=", "other="), openmetrics=False).samples) == 4
        stored.clear()


PAGE = r"""
# HELP esc With \\ and \n inside.
# TYPE esc gauge
esc{a="quote \" here",b="back \\ slash",c="new \n line",d="brace } here",e="a # {b} 1"} 1
plain 2
spaced   { x = "1" , y="2", }   3
inf{v="a"} +Inf
inf{v="b"} -Inf
nan NaN
exponent 1.5e-7
big 123456789012345680
with:colon 4
unicode{city="Zürich 😀"} 5
bound_bucket{le="5"} 1
bound_bucket{le="0.25"} 1
"""


def parsed(text: str, *, is_openmetrics: bool) -> dict[tuple[str, frozenset[tuple[str, str]]], str]:
    known: list[tuple[str, Labels]] = []

    def series_of(name: str, labels: Labels) -> int:
        known.append((name, labels))
        return len(known) - 1

    parser, found = Parser(series_of, range(len(text))), {}
    for _ in range(2):
        page = parser.parse(text, openmetrics=is_openmetrics)
        for sample in page.samples:
            name, labels = known[sample.series]
            found[name, frozenset(labels.items())] = repr(sample.value)
    assert len(known) == len(page.samples), "a series met before is not read again"
    return found


def expected(
    text: str, *, is_openmetrics: bool
) -> dict[tuple[str, frozenset[tuple[str, str]]], str]:
    def normal(name: str, value: str) -> str:
        return value if name != "le" or "." in value or "Inf" in value else f"{value}.0"

    return {
        (s.name, frozenset((k, normal(k, v)) for k, v in s.labels.items())): repr(float(s.value))
        for family in (openmetrics if is_openmetrics else plain)(text)
        for s in family.samples
    }


async def test_the_page_is_read_as_prometheus_clients_parser_reads_it() -> None:
    assert parsed(PAGE, is_openmetrics=False) == expected(PAGE, is_openmetrics=False)


async def test_openmetrics_is_read_as_prometheus_clients_parser_reads_it() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("h", "H.", ["a"], registry=registry)
    for number in range(50):
        labelled = histogram.labels(f'v{number} }} # {{x="y"}} 1')
        labelled.observe(number / 10, exemplar={"trace_id": f"{number:032x}"})
    encode, _ = choose_encoder(OPENMETRICS)
    text = encode(registry).decode()
    assert parsed(text, is_openmetrics=True) == expected(text, is_openmetrics=True)


@pytest.mark.parametrize("line", ["{} 1", "a{b=c} 1", 'a{b="c"', "a", "a 1 x", "1a 1", 'a{"b"} 1'])
async def test_a_line_that_is_no_sample_is_named(line: str) -> None:
    with pytest.raises(BadExposition):
        Parser(lambda *_: 0, ()).parse(line + "\n", openmetrics=False)


async def test_a_running_viewer_scrapes_its_targets(service: Service) -> None:
    service.page = b"orders_created_total 7\n"
    target = f"orders={service.url}"
    with viewer(None, "--scrape", target, "--scrape-interval", "200ms") as running:
        eventually(lambda: running.query("orders_created_total"), "the sample")
        (sample,) = running.query('sum(orders_created_total{job="orders"})')
        assert sample["value"][1] == "7"
        service.status = 503
        eventually(lambda: not running.query("orders_created_total"), "staleness")
        (up,) = running.query("up")
        assert up["value"][1] == "0"
        (health,) = running.json("/api/status")["targets"]
        assert "503" in health["error"]

"""Whatever a dashboard, a rule or an alert of ours asks, the viewer can answer."""

from collections.abc import Iterator

import pytest
from promql_committed import Committed, of_dashboards, of_rules
from promql_memory import loaded
from promql_stored import stored

from sightline.viewer.promql.engine import Engine
from sightline.viewer.promql.values import Vector

WHO = 'service_name="orders", deployment_environment_name="dev", handler="/orders"'
SERIES = f"""
http_requests_total{{{WHO}, status="2xx"}} 0+5x300
http_requests_total{{{WHO}, status="5xx"}} 0+1x300
http_request_duration_seconds_bucket{{{WHO}, le="0.1"}} 0+5x300
http_request_duration_seconds_bucket{{{WHO}, le="+Inf"}} 0+6x300
active_checkouts{{{WHO}}} 3x300
up{{job="orders"}} 1x300
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Over the viewer's own store, where parts of every hour are in the database."""
    with stored(loaded(SERIES, 15_000)) as store:
        yield Engine(store.samples)


@pytest.mark.parametrize("committed", [*of_dashboards(), *of_rules()], ids=lambda one: one.where)
def test_every_committed_expression_is_evaluated(committed: Committed, engine: Engine) -> None:
    engine.instant(committed.text, 3_600_000)
    engine.range(committed.text, 3_000_000, 3_600_000, 15_000)


def test_there_are_committed_expressions() -> None:
    assert len(list(of_dashboards())) > 20
    assert len(list(of_rules())) > 10


def test_the_share_of_failed_requests_comes_out_right(engine: Engine) -> None:
    text = 'sum(rate(http_requests_total{status="5xx"}[1m])) / sum(rate(http_requests_total[1m]))'
    value = engine.range(text, 3_000_000, 3_600_000, 15_000)
    assert isinstance(value, Vector)
    assert value.values.tolist() == [[pytest.approx(1 / 6)] * 41]

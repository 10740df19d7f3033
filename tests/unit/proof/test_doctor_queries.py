"""Which metrics a panel's query names, and what its variables become."""

import json
import re
from pathlib import Path

import pytest

from sightline.proof.doctor.queries import Query, queries_of

ROOT = Path(__file__).parents[3]
BOARDS = [
    json.loads(path.read_text())
    for path in sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
]


def metrics(text: str) -> set[str]:
    return Query("board", "panel", "prometheus", text).metrics


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("up", {"up"}),
        ("sum by (job) (rate(a_total[1m]))", {"a_total"}),
        ('a{le="b", c=~"d or e"} or sum without (f) (g)', {"a", "g"}),
        ("a / on (x) group_left (y) (b > 0)", {"a", "b"}),
        ('label_replace(a, "handler", "$1", "route", "(.+)")', {"a"}),
        ("histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m])))", {"a_bucket"}),
        ("0 * (a offset 5m) unless bool_metric", {"a", "bool_metric"}),
        ("max(service:slo_burn_rate:ratio_rate5m)", {"service:slo_burn_rate:ratio_rate5m"}),
        ("clamp_min(1 - a, 0) > 1e9", {"a"}),
    ],
)
def test_a_query_names_its_metrics(text: str, named: set[str]) -> None:
    assert metrics(text) == named


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_every_query_that_ships_names_a_metric_and_has_no_variable_left(
    board: dict[str, object],
) -> None:
    queries = list(queries_of(board, "orders"))
    assert queries
    for query in queries:
        assert not re.search(r"\$\D", query.text), query
        assert query.language != "prometheus" or query.metrics, query

"""Rule files: what Prometheus takes is taken, what is wrong is one line that says where."""

from pathlib import Path

import pytest

from sightline.viewer.rules.files import BadRules, load
from sightline.viewer.rules.shipped import shipped_rules

GOOD = """
groups:
  - name: first
    interval: 30s
    query_offset: 1m
    limit: 5
    labels: {team: shop}
    rules:
      - {record: "a:b", expr: 1, labels: {share: 0.5}}
      - alert: Slow
        expr: x > 1
        for: 1h30m
        keep_firing_for: 5m
        annotations: {summary: "{{ $labels.job }}: {{ $value }}"}
  - name: second
"""


def one_rule(rule: str) -> str:
    return f"groups: [{{name: g, rules: [{{record: fine, expr: '1'}}, {{{rule}}}]}}]"


def written(folder: Path, text: str, name: str = "rules.yml") -> Path:
    (folder / name).write_text(text)
    return folder


def test_all_that_a_rule_file_may_say_is_read(tmp_path: Path) -> None:
    first, second = load(written(tmp_path, GOOD))
    assert (first.file, first.group.name) == (str(tmp_path / "rules.yml"), "first")
    group = first.group
    assert (group.interval, group.query_offset, group.limit) == (30_000, 60_000, 5)
    recording, alert = group.rules
    assert (recording.record, recording.expr, recording.labels) == ("a:b", "1", {"share": "0.5"})
    assert (alert.alert, alert.wait, alert.keep_firing_for) == ("Slow", 5_400_000, 300_000)
    assert (second.group.name, second.group.rules) == ("second", [])


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml"):
        written(tmp_path, f"groups: [{{name: {name[0]}}}]", name)
    assert [each.group.name for each in load(tmp_path)] == ["a", "b"]


def test_the_shipped_rules_are_those_that_prometheus_is_given() -> None:
    folder = shipped_rules()
    assert folder == Path(__file__).parents[3] / "prometheus" / "rules"
    assert sum(len(each.group.rules) for each in load(folder)) > 30


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("groups: [", "is no YAML"),
        ("group: []", "there is no field 'group'; there are groups"),
        ("groups: [{name: g}, {name: g}]", "'g' stands there twice"),
        ("groups: [{rules: []}]", "group 1: name is missing"),
        ("groups: {}", "groups: {} is no list"),
        ("groups: [g]", "group 1: 'g' has no fields"),
        ("groups: [{name: g, limit: -1}]", "group 1: limit: -1 is no whole number"),
        ("groups: [{name: g, labels: []}]", "group 1: labels: [] has no names"),
        ("groups: [{name: [g]}]", "group 1: name: ['g'] is no text"),
        (one_rule("record: a"), "group 1: rule 2: expr is missing"),
        (one_rule("expr: '1'"), "either `record` or `alert`"),
        (one_rule("record: a, alert: b, expr: '1'"), "either `record` or `alert`"),
        (one_rule("record: a-b, expr: '1'"), "'a-b' is no name for a metric"),
        (one_rule("record: a, expr: '1', for: 5m"), "`for` belongs to an alert"),
        (one_rule("record: a, expr: '1', annotations: {x: y}"), "`annotations` belongs"),
        (one_rule("alert: A, expr: '1', labels: {a-b: c}"), "'a-b' is no name"),
        (one_rule("alert: A, expr: '1', for: soon"), "'soon' is no duration"),
        (one_rule("alert: A, expr: 'sum('"), "rule 2: A: 1:5: parse error"),
        (
            one_rule(f"alert: A, expr: '{'(' * 300}x'"),
            "rule 2: A: parse error: the query is nested",
        ),
        (one_rule(f"alert: A, expr: '{' + x' * 70_000}'"), "not 65536 at most"),
        (one_rule("alert: A, expr: 'x[5m]'"), "gives a matrix, not a vector"),
        (one_rule("alert: A, expr: 'info(x)'"), "info() is not supported"),
        (one_rule("alert: A, expr: x, runbook: y"), "rule 2: there is no field 'runbook'"),
        (one_rule("alert: A, expr: x, annotations: {a: '{{ query }}'}"), "the function query"),
        (one_rule("alert: A, expr: x, labels: {a: '{{ query }}'}"), "A: a: {{ query }}"),
    ],
)
def test_what_is_wrong_is_one_line_that_says_where(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(BadRules) as refused:
        load(written(tmp_path, text))
    assert says in str(refused.value)
    assert str(tmp_path / "rules.yml") in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRules, match="holds no rule file"):
        load(tmp_path)
    with pytest.raises(BadRules, match="is no folder"):
        load(tmp_path / "absent")

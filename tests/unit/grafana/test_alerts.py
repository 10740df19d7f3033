"""Each alert is explained, mirrored by Grafana, and has a case that fires and one that does not."""

import re

import boards
import pytest

ALERTS = boards.alerts()
ONLY_IN_GRAFANA = {"PrometheusUnreachable"}
EVERY_ALERT = pytest.mark.parametrize("name", sorted(ALERTS))


def sections() -> set[str]:
    return set(re.findall(r"^### (\w+)$", boards.RUNBOOK.read_text(), re.MULTILINE))


@EVERY_ALERT
def test_an_alert_says_how_bad_what_why_and_what_to_do(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    for annotation in ("summary", "description", "runbook_url", "dashboard_url"):
        assert alert["annotations"][annotation]


@EVERY_ALERT
def test_a_summary_carries_no_figure_because_grafana_has_none(name: str) -> None:
    assert "$value" not in ALERTS[name]["annotations"]["summary"]


@EVERY_ALERT
def test_an_alert_links_to_its_own_section_of_the_runbook(name: str) -> None:
    page, _, anchor = ALERTS[name]["annotations"]["runbook_url"].partition("#")
    assert boards.ROOT / page == boards.RUNBOOK
    assert anchor == name.lower()
    assert name in sections()


@EVERY_ALERT
def test_an_alert_links_to_a_dashboard_that_exists(name: str) -> None:
    link = ALERTS[name]["annotations"]["dashboard_url"]
    uids = {board["uid"] for board in boards.boards()}
    assert link.removeprefix("/d/").partition("?")[0] in uids


def test_the_runbook_has_no_section_without_an_alert() -> None:
    assert sections() == set(ALERTS) | ONLY_IN_GRAFANA


@EVERY_ALERT
def test_an_alert_has_a_case_that_fires_and_one_that_stays_quiet(name: str) -> None:
    cases = [
        bool(check.get("exp_alerts"))
        for test in boards.rule_tests()
        for check in test.get("alert_rule_test", [])
        if check["alertname"] == name
    ]
    assert True in cases, "no case fires"
    assert False in cases, "no case is quiet"


def test_rule_tests_are_sentences() -> None:
    for test in boards.rule_tests():
        assert len(test["name"].split()) > 4, test["name"]


def test_grafana_mirrors_every_alert_of_prometheus() -> None:
    provisioned = boards.load(boards.PROVISIONING / "alerting" / "rules.yml")
    mirrored = {rule["title"]: rule for group in provisioned["groups"] for rule in group["rules"]}
    assert set(mirrored) == set(ALERTS) | ONLY_IN_GRAFANA
    for name, alert in ALERTS.items():
        query = mirrored[name]["data"][0]["model"]["expr"]
        assert f'alertname="{name}", alertstate="firing"' in query
        assert mirrored[name]["annotations"]["summary"] == alert["annotations"]["summary"]
        assert mirrored[name]["noDataState"] == "OK"


def test_grafana_itself_notices_that_prometheus_is_gone() -> None:
    provisioned = boards.load(boards.PROVISIONING / "alerting" / "rules.yml")
    rules = {rule["title"]: rule for group in provisioned["groups"] for rule in group["rules"]}
    assert rules["PrometheusUnreachable"]["execErrState"] == "Alerting"


def test_uids_of_grafana_rules_are_unique_and_short_enough() -> None:
    provisioned = boards.load(boards.PROVISIONING / "alerting" / "rules.yml")
    uids = [rule["uid"] for group in provisioned["groups"] for rule in group["rules"]]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"[a-z0-9-]{1,40}", uid) for uid in uids)


def test_dashboards_and_rules_have_the_same_objectives() -> None:
    boards.build_module()
    from source import thresholds  # noqa: PLC0415 — importable once build.py's folder is known

    objectives = {
        rule["labels"]["slo"]: rule["expr"]
        for rule in boards.rules()
        if rule.get("record") == "slo:objective:ratio"
    }
    assert objectives["availability"] == f"vector({thresholds.AVAILABILITY_OBJECTIVE})"
    assert objectives["latency"] == f"vector({thresholds.LATENCY_OBJECTIVE})"
    slow = next(
        r
        for r in boards.rules()
        if r.get("record") == "service:slo_failures:rate5m" and r["labels"]["slo"] == "latency"
    )
    assert f'le="{thresholds.LATENCY_BOUND_SECONDS}"' in slow["expr"]
    assert f"> {thresholds.PAGE_BURN_RATE}" in ALERTS["LatencyBudgetBurnsFast"]["expr"]
    assert ALERTS["PaymentsFail"]["expr"].endswith(f"> {thresholds.PAYMENT_FAILURES_BOUND}")

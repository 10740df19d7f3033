"""Data sources and their links, built the way Grafana builds them, and the alerts' way out."""

import re

import boards
import promql_parser
import pytest
import yaml

from sightline.viewer.logql.parser import parse as parse_logql

STORES = ("tempo", "jaeger")
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
COMPOSE = boards.ROOT / "docker-compose.yml"


def source(name: str, store: str = "tempo") -> boards.Json:
    written = boards.provisioned("datasources")[name]["datasources"]
    assert len(written) == 1
    return boards.expanded(written[0], {"TRACE_STORE": store})


def in_span(text: str) -> str:
    """What Grafana puts in for a span of orders."""
    tags = {"service": 'service="orders"', "service_name": 'service_name="orders"'}
    label = "service" if "traces_spanmetrics" in text else "service_name"
    values = {
        "${__tags}": tags[label],
        "$__tags": tags[label],
        "${__trace.traceId}": TRACE_ID,
        "${__span.name}": "POST /checkout",
        "$__rate_interval": "1m",
        "${traceID}": TRACE_ID,
        "${serviceName}": "orders",
    }
    return boards.filled(text, values)


@pytest.mark.parametrize("name", ["prometheus", "loki", "tempo", "jaeger"])
def test_a_data_source_has_the_uid_that_everything_refers_to(name: str) -> None:
    assert source(name)["uid"] == source(name)["type"] == name


def test_only_prometheus_is_the_default() -> None:
    names = boards.provisioned("datasources")
    assert [name for name in names if source(name).get("isDefault")] == ["prometheus"]


@pytest.mark.parametrize("store", STORES)
def test_links_to_traces_open_the_store_that_is_chosen(store: str) -> None:
    fields = source("loki", store)["jsonData"]["derivedFields"]
    exemplars = source("prometheus", store)["jsonData"]["exemplarTraceIdDestinations"]
    assert {link["datasourceUid"] for link in (*fields, *exemplars)} == {store}
    assert source(store)["uid"] == store


def test_an_exemplar_opens_its_trace_by_the_label_that_services_and_tempo_write() -> None:
    destinations = source("prometheus")["jsonData"]["exemplarTraceIdDestinations"]
    assert [each["name"] for each in destinations] == ["trace_id"]
    assert "trace_id_label_name: trace_id" in (boards.ROOT / "tempo" / "config.yaml").read_text()


def test_prometheus_is_read_as_often_as_it_scrapes() -> None:
    scraped = boards.load(boards.ROOT / "prometheus" / "prometheus.yml")["global"]
    assert source("prometheus")["jsonData"]["timeInterval"] == scraped["scrape_interval"]


def derived(labels: dict[str, str], line: str) -> dict[str, str]:
    """As Grafana's Loki data source: one kind of matcher for each name, labels by their key."""
    found = {}
    for field in source("loki")["jsonData"]["derivedFields"]:
        if field["matcherType"] == "label":
            keys = [key for key in labels if re.search(field["matcherRegex"], key)]
            value = labels[keys[0]] if keys else None
        else:
            match = re.search(field["matcherRegex"], line)
            value = match[1] if match else None
        if value:
            found[field["name"]] = field["url"].replace("${__value.raw}", value)
    return found


def test_a_log_line_opens_its_trace_by_structured_metadata() -> None:
    labels = {"service_name": "orders", "parent_trace_id_x": "no", "trace_id": TRACE_ID}
    assert derived(labels, "order.created") == {"Trace": TRACE_ID}


@pytest.mark.parametrize(
    "line",
    [
        f"INFO trace_id={TRACE_ID} order created",
        f'{{"event": "order.created", "trace_id": "{TRACE_ID}"}}',
        f'{{"traceId":"{TRACE_ID}"}}',
        f"otelTraceID={TRACE_ID} otelSpanID=00f067aa0ba902b7",
        f"GET / traceparent: 00-{TRACE_ID}-00f067aa0ba902b7-01",
    ],
)
def test_a_plain_line_that_spells_the_id_out_opens_its_trace_too(line: str) -> None:
    assert derived({"service_name": "other"}, line) == {"Trace in the line": TRACE_ID}


def test_a_line_without_an_id_has_no_link() -> None:
    digest = "e3b0c44298fc1c149afbf4c8996fb924"
    assert derived({"service_name": "other"}, f"image sha256:{digest} pulled") == {}


def test_derived_fields_have_names_of_their_own() -> None:
    """Grafana takes the matcher of the first field of a name for all of that name."""
    names = [field["name"] for field in source("loki")["jsonData"]["derivedFields"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("store", STORES)
def test_a_span_opens_its_log_lines_by_trace_and_service(store: str) -> None:
    link = source(store, store)["jsonData"]["tracesToLogsV2"]
    assert link["customQuery"]
    assert link["datasourceUid"] == "loki"
    assert link["tags"] == [{"key": "service.name", "value": "service_name"}]
    query = in_span(link["query"])
    assert query == f'{{service_name="orders"}} | trace_id = "{TRACE_ID}"'
    parse_logql(query)


@pytest.mark.parametrize("store", STORES)
def test_correlations_open_the_whole_trace_and_the_service_at_that_time(store: str) -> None:
    correlations = {each["config"]["field"]: each for each in source(store, store)["correlations"]}
    whole = in_span(correlations["traceID"]["config"]["target"]["expr"])
    assert whole == f'{{service_name=~".+"}} | trace_id = "{TRACE_ID}"'
    service = in_span(correlations["serviceName"]["config"]["target"]["expr"])
    assert service == '{service_name="orders"}'
    for query in (whole, service):
        parse_logql(query)


@pytest.mark.parametrize("store", STORES)
def test_a_span_opens_metrics_by_queries_that_parse(store: str) -> None:
    link = source(store, store)["jsonData"]["tracesToMetrics"]
    assert link["datasourceUid"] == "prometheus"
    label = link["tags"][0]["value"]
    for query in link["queries"]:
        text = in_span(query["query"])
        assert f'{label}="orders"' in text
        assert "$" not in text
        promql_parser.parse(text)


def test_tempo_draws_the_service_map_from_prometheus() -> None:
    settings = source("tempo")["jsonData"]
    assert settings["serviceMap"]["datasourceUid"] == "prometheus"
    assert settings["nodeGraph"]["enabled"]


def test_the_dashboards_are_provided_from_where_compose_mounts_them() -> None:
    provider = boards.provisioned("dashboards")["sightline"]["providers"][0]
    assert not provider["allowUiUpdates"]
    mounts = yaml.safe_load(COMPOSE.read_text())["services"]["grafana"]["volumes"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in mounts


def test_alerts_go_to_the_contact_point_that_the_environment_fills_in() -> None:
    files = boards.provisioned("alerting")
    environment = {
        "ALERT_CONTACT_TYPE": "slack",
        "ALERT_EMAIL": "you@example.com",
        "ALERT_URL": "https://hooks.example.com/x",
    }
    point = boards.expanded(files["contact-points"], environment)["contactPoints"][0]
    receiver = point["receivers"][0]
    assert receiver["type"] == "slack"
    assert receiver["settings"]["url"] == "https://hooks.example.com/x"
    policy = files["policies"]["policies"][0]
    assert {policy["receiver"], *(r["receiver"] for r in policy["routes"])} == {point["name"]}


def test_compose_gives_grafana_every_variable_that_provisioning_reads() -> None:
    """An empty receiver type would keep Grafana from starting."""
    texts = [path.read_text() for path in boards.PROVISIONING.glob("[dac]*/[!r]*.yml")]
    lines = [line.partition(" #")[0] for text in texts for line in text.splitlines()]
    plain = [line.replace("$$", "") for line in lines if not line.lstrip().startswith("#")]
    named = {name for line in plain for name in re.findall(r"\$([A-Z_]+)", line)}
    given = yaml.safe_load(COMPOSE.read_text())["services"]["grafana"]["environment"]
    assert named == {"TRACE_STORE", "ALERT_CONTACT_TYPE", "ALERT_EMAIL", "ALERT_URL"}
    assert named <= set(given)

"""What every dashboard shares: variables, links to the others, time range and refresh."""

from grafana_foundation_sdk.builders import dashboard as builder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from source import metrics
from source.datasources import PROMETHEUS

# uid: title. The uids stand in links, bookmarks and alerts: they never change.
TITLES = {
    "service": "Service",
    "business": "Business",
    "slo": "SLO",
    "traces": "Traces and service map",
    "telemetry-health": "Telemetry health",
}

ANY_HTTP = f'__name__=~"{metrics.HTTP_REQUESTS}|{metrics.count(metrics.OTEL_HTTP_DURATION)}"'


def board(uid: str, description: str) -> builder.Dashboard:
    return (
        builder.Dashboard(TITLES[uid])
        .uid(uid)
        .description(description)
        .tags(["sightline"])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .timezone("browser")
        .time("now-30m", "now")
        .refresh("10s")
        .links([_link(other, title) for other, title in TITLES.items() if other != uid])
        .annotations([_firing_alerts()])
        .variables([_environment(), _service()])
    )


def _link(uid: str, title: str) -> builder.DashboardLink:
    return (
        builder.DashboardLink(title)
        .type(DashboardLinkType.LINK)
        .url(f"/d/{uid}")
        .tooltip(f"{title}, same time, same service and environment")
        .keep_time(True)
        .include_vars(True)
    )


def _firing_alerts() -> builder.AnnotationQuery:
    expression = f'{metrics.ALERTS}{{alertstate="firing", service_name=~"$service|"}}'
    return (
        builder.AnnotationQuery()
        .name("Alerts")
        .datasource(PROMETHEUS)
        .enable(True)
        .icon_color("red")
        .expr(expression)
        .step("30s")
        .title_format("{{alertname}}")
        .text_format("{{severity}}")
    )


def _environment() -> builder.QueryVariable:
    return (
        _variable("environment", "Environment", ANY_HTTP, "deployment_environment_name")
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )


def _service() -> builder.QueryVariable:
    selector = f'{ANY_HTTP}, deployment_environment_name=~"$environment"'
    return _variable("service", "Service", selector, "service_name").current(
        VariableOption(selected=True, text="orders", value="orders")
    )


def _variable(name: str, title: str, selector: str, label: str) -> builder.QueryVariable:
    query = f"label_values({{{selector}}}, {label})"
    return (
        builder.QueryVariable(name)
        .label(title)
        .datasource(PROMETHEUS)
        .query({"qryType": 1, "query": query, "refId": f"variable-{name}"})
        .definition(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )

"""The looks that panels share, so that a dashboard states only what differs."""

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    logs,
    loki,
    nodegraph,
    prometheus,
    stat,
    table,
    tempo,
    timeseries,
)
from grafana_foundation_sdk.models import common as kinds

from source.datasources import LOKI, PROMETHEUS, TEMPO
from source.thresholds import none_at_all

FULL, HALF, THIRD, QUARTER = 24, 12, 8, 6
CHART_HEIGHT, STAT_HEIGHT = 8, 4

MetricTarget = prometheus.Dataquery | loki.Dataquery


def chart(
    title: str, description: str, unit: str, *targets: MetricTarget, width: int = HALF
) -> timeseries.Panel:
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .min(0)
        .no_value("no data in this time range")
        .thresholds(none_at_all())
        .height(CHART_HEIGHT)
        .span(width)
        .line_width(1)
        .fill_opacity(10)
        .show_points(kinds.VisibilityMode.AUTO)
        .legend(_table_legend())
        .tooltip(
            common.VizTooltipOptions()
            .mode(kinds.TooltipDisplayMode.MULTI)
            .sort(kinds.SortOrder.DESCENDING)
        )
    )
    for target in targets:
        panel.with_target(target)
    return panel


def _table_legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(kinds.LegendDisplayMode.TABLE)
        .placement(kinds.LegendPlacement.BOTTOM)
        .calcs(["lastNotNull", "max"])
    )


def stacked(panel: timeseries.Panel) -> timeseries.Panel:
    return panel.fill_opacity(30).stacking(
        common.StackingConfig().mode(kinds.StackingMode.NORMAL).group("A")
    )


def with_threshold_line(panel: timeseries.Panel) -> timeseries.Panel:
    style = common.GraphThresholdsStyleConfig().mode(kinds.GraphThresholdsStyleMode.DASHED)
    return panel.thresholds_style(style)


def _latest() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().values(False).calcs(["lastNotNull"]).fields("")


def figure(
    title: str, description: str, unit: str, target: MetricTarget, width: int = QUARTER
) -> stat.Panel:
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .no_value("no data")
        .thresholds(none_at_all())
        .height(STAT_HEIGHT)
        .span(width)
        .color_mode(kinds.BigValueColorMode.VALUE)
        .graph_mode(kinds.BigValueGraphMode.AREA)
        .reduce_options(_latest())
        .with_target(target)
    )


def bars(
    title: str, description: str, unit: str, target: MetricTarget, width: int = HALF
) -> bargauge.Panel:
    return (
        bargauge.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .min(0)
        .no_value("no data")
        .thresholds(none_at_all())
        .height(CHART_HEIGHT)
        .span(width)
        .orientation(kinds.VizOrientation.HORIZONTAL)
        .display_mode(kinds.BarGaugeDisplayMode.GRADIENT)
        .reduce_options(_latest())
        .with_target(target)
    )


def rows(
    title: str, description: str, unit: str, target: MetricTarget, width: int = HALF
) -> table.Panel:
    return (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .no_value("no data")
        .thresholds(none_at_all())
        .height(CHART_HEIGHT)
        .span(width)
        .with_target(target)
    )


def log_lines(title: str, description: str, target: loki.Dataquery, height: int = 12) -> logs.Panel:
    return (
        logs.Panel()
        .title(title)
        .description(description)
        .datasource(LOKI)
        .unit("short")
        .no_value("no log lines in this time range")
        .height(height)
        .span(FULL)
        .show_time(True)
        .enable_log_details(True)
        .wrap_log_message(True)
        .sort_order(kinds.LogsSortOrder.DESCENDING)
        .with_target(target)
    )


def traces(title: str, description: str, target: tempo.Dataquery, width: int = FULL) -> table.Panel:
    return (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(TEMPO)
        .unit("ms")
        .no_value("no traces in this time range")
        .thresholds(none_at_all())
        .height(CHART_HEIGHT + 2)
        .span(width)
        .with_target(target)
    )


def service_map(title: str, description: str, target: tempo.Dataquery) -> nodegraph.Panel:
    return (
        nodegraph.Panel()
        .title(title)
        .description(description)
        .datasource(TEMPO)
        .unit("short")
        .no_value("no calls between services in this time range")
        .height(14)
        .span(FULL)
        .with_target(target)
    )

"""The Telemetry health dashboard: each hop from the service to the stores, in that order."""

from grafana_foundation_sdk.builders import dashboard as builder
from grafana_foundation_sdk.builders import timeseries

from source import metrics, pipeline, thresholds
from source.board import board
from source.panels import FULL, HALF, THIRD, bars, chart, figure, with_threshold_line
from source.targets import now, over_time


def dashboard() -> builder.Dashboard:
    page = board(
        "telemetry-health",
        "When something is empty: which hop took what, and where did it end? "
        "Accepted, refused, queued, dropped and sent, from the services to the stores.",
    )
    for section in (_at_a_glance, _services, _collector, _prometheus, _loki, _tempo):
        section(page)
    return page


def _at_a_glance(page: builder.Dashboard) -> None:
    page.with_panel(
        bars(
            "Who answers",
            "Does each part answer its scrape? 1: yes, 0: no.",
            "short",
            now(pipeline.up(), "{{job}}"),
            FULL,
        )
        .max(1)
        .height(6)
        .thresholds(thresholds.down_is_bad())
    )


def _services(page: builder.Dashboard) -> None:
    page.with_row(builder.Row("1 Service: what sightline.telemetry exports"))
    for panel in (_exported(), _waiting(), _dropped()):
        page.with_panel(panel.no_value("this service has no sightline.telemetry"))


def _exported() -> timeseries.Panel:
    return chart(
        "Taken by the endpoint",
        "Do the service's spans and log records leave it?",
        "suffix:/s",
        over_time(pipeline.by_signal(metrics.SDK_EXPORTED), "{{signal}}"),
        over_time(pipeline.by_signal(metrics.SDK_FAILURES), "{{signal}}: failed tries", "B"),
        width=THIRD,
    )


def _waiting() -> timeseries.Panel:
    return with_threshold_line(
        chart(
            "Waiting in the service",
            "How full are the service's own queues? Full queues drop.",
            "percent",
            over_time(pipeline.sdk_queue_percentage(), "{{signal}}"),
            width=THIRD,
        ).thresholds(thresholds.share_of_capacity())
    )


def _dropped() -> timeseries.Panel:
    return chart(
        "Dropped by the service",
        "Does the service lose spans or log records? Anything above 0 is lost for good.",
        "suffix:/s",
        over_time(pipeline.by_signal(metrics.SDK_DROPPED), "{{signal}}"),
        width=THIRD,
    ).thresholds(thresholds.any_is_bad())


def _collector(page: builder.Dashboard) -> None:
    page.with_row(builder.Row("2 Collector: accepted, refused, queued, sent, lost"))
    for title, question, metric in (
        ("Accepted", "What does the Collector take in?", metrics.COLLECTOR_ACCEPTED),
        (
            "Refused",
            "What does it turn away? (Memory or a queue is full.)",
            metrics.COLLECTOR_REFUSED,
        ),
        ("Sent", "What do the stores take from it?", metrics.COLLECTOR_SENT),
    ):
        page.with_panel(_of_each_signal(f"{title} by the Collector", question, metric))
    _collector_itself(page)


def _collector_itself(page: builder.Dashboard) -> None:
    page.with_panel(
        with_threshold_line(
            chart(
                "Queues of the Collector",
                "How full is the queue before each store? It fills while a store is away.",
                "percent",
                over_time(pipeline.queue_percentage(), "{{exporter}}"),
                width=THIRD,
            ).thresholds(thresholds.share_of_capacity())
        )
    )
    page.with_panel(
        chart(
            "Lost by the Collector",
            "What did a store refuse for good, or no queue have room for?",
            "suffix:/s",
            *(
                over_time(pipeline.collector_loss(items), signal, items)
                for signal, items in pipeline.SIGNALS.items()
            ),
            width=THIRD,
        ).thresholds(thresholds.any_is_bad())
    )
    page.with_panel(
        chart(
            "Memory of the Collector",
            "How near is the Collector to its memory limit, where it begins to refuse?",
            "bytes",
            over_time(pipeline.total(metrics.COLLECTOR_MEMORY), "resident"),
            width=THIRD,
        )
    )


def _of_each_signal(title: str, question: str, metric: str) -> timeseries.Panel:
    return chart(
        title,
        question,
        "suffix:/s",
        *(
            over_time(pipeline.collector(metric, items), signal, items)
            for signal, items in pipeline.SIGNALS.items()
        ),
        width=THIRD,
    )


def _prometheus(page: builder.Dashboard) -> None:
    page.with_row(builder.Row("3 Prometheus: scrapes, series, rules"))
    page.with_panel(
        chart(
            "Scrape duration",
            "How long does each target take to answer its scrape?",
            "s",
            over_time(pipeline.each_job(metrics.SCRAPE_DURATION), "{{job}}"),
            width=THIRD,
        )
    )
    page.with_panel(
        chart(
            "Samples per scrape",
            "How much does each target expose? A steady climb is a label without bounds.",
            "short",
            over_time(pipeline.each_job(metrics.SCRAPE_SAMPLES), "{{job}}"),
            width=THIRD,
        )
    )
    page.with_panel(
        chart(
            "Stored by Prometheus",
            "How many samples and exemplars does Prometheus store?",
            "suffix:/s",
            over_time(pipeline.of_all(metrics.PROMETHEUS_APPENDED), "samples"),
            over_time(pipeline.of_all(metrics.PROMETHEUS_EXEMPLARS), "exemplars", "B"),
            width=THIRD,
        )
    )
    _prometheus_now(page)


def _prometheus_now(page: builder.Dashboard) -> None:
    page.with_panel(
        figure(
            "Active series",
            "How many series does Prometheus hold in memory?",
            "short",
            over_time(pipeline.total(metrics.PROMETHEUS_SERIES), "series"),
            HALF,
        )
    )
    page.with_panel(
        figure(
            "Rule evaluations that fail",
            "Do the recording rules and alerts work?",
            "suffix:/s",
            over_time(pipeline.of_all(metrics.PROMETHEUS_RULE_FAILURES), "failures"),
            HALF,
        ).thresholds(thresholds.any_is_bad())
    )


def _loki(page: builder.Dashboard) -> None:
    page.with_row(builder.Row("4 Loki: log lines"))
    page.with_panel(
        chart(
            "Received by Loki",
            "How many log lines reach Loki?",
            "suffix:/s",
            over_time(pipeline.of_all(metrics.LOKI_RECEIVED), "lines"),
            width=THIRD,
        )
    )
    page.with_panel(
        chart(
            "Discarded by Loki",
            "Which lines reach Loki and are not stored, and why?",
            "suffix:/s",
            over_time(pipeline.by("reason", metrics.LOKI_DISCARDED), "{{reason}}"),
            width=THIRD,
        )
        .no_value("nothing discarded")
        .thresholds(thresholds.any_is_bad())
    )
    page.with_panel(
        chart(
            "Streams in Loki",
            "Are Loki's index labels few and bounded? Streams should not grow with traffic.",
            "short",
            over_time(pipeline.total(metrics.LOKI_STREAMS), "streams"),
            width=THIRD,
        )
    )


def _tempo(page: builder.Dashboard) -> None:
    page.with_row(builder.Row("5 Tempo: spans"))
    page.with_panel(
        chart(
            "Received by Tempo",
            "How many spans reach Tempo?",
            "suffix:/s",
            over_time(pipeline.of_all(metrics.TEMPO_RECEIVED), "spans"),
            width=THIRD,
        )
    )
    page.with_panel(
        chart(
            "Discarded by Tempo",
            "Which spans reach Tempo and are not stored, and why?",
            "suffix:/s",
            over_time(pipeline.by("reason", metrics.TEMPO_DISCARDED), "{{reason}}"),
            width=THIRD,
        )
        .no_value("nothing discarded")
        .thresholds(thresholds.any_is_bad())
    )
    page.with_panel(
        chart(
            "Turned into metrics by Tempo",
            "How many spans feed the service map and the span metrics?",
            "suffix:/s",
            over_time(pipeline.of_all(metrics.TEMPO_GENERATED), "spans"),
            width=THIRD,
        )
    )

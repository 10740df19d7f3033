"""What the path to the stores says of itself: dropped, refused, waiting, restarted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import Any

from sightline.proof.addresses import Addresses, Mode
from sightline.proof.http import Unreachable, request
from sightline.proof.ledger.increase import grown, raw
from sightline.proof.ledger.run import Run
from sightline.proof.stores import Series, StoreError, Stores

# What a column's records are called: by OTLP, by the Collector's metrics.
SIGNALS = {"spans": ("traces", "spans"), "lines": ("logs", "log_records")}


@dataclass
class Pipeline:
    """Amounts during the run, by column; sentences for what happened to whom."""

    dropped: dict[tuple[str, str], int] = field(default_factory=dict)  # service, column
    waiting: dict[tuple[str, str], int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    queued: dict[str, int] = field(default_factory=dict)
    restarts: dict[str, list[float]] = field(default_factory=dict)
    unscraped: dict[str, int] = field(default_factory=dict)
    retried: int = 0  # calls of orders to payments
    store_lost: int = 0
    notes: list[str] = field(default_factory=list)


def observe(addresses: Addresses, run: Run, now: float) -> Pipeline:
    stores, found = addresses.stores(), Pipeline()
    for column, (signal, items) in SIGNALS.items():
        _ask_service(found, stores, run, now, column, signal)
        if addresses.mode is Mode.STACK:
            _ask_collector(found, stores, run, now, column, items)
    for service in ("orders", "loki", "tempo", "prometheus"):
        selector = f'process_start_time_seconds{{job="{service}"}}'
        found.restarts[service] = _changes(stores, selector, run, now)
    for service in ("otel-collector", "jaeger"):
        selector = f'{{__name__=~"otelcol_process_uptime.*", job="{service}"}}'
        found.restarts[service] = began_within(raw(stores, selector, run.started, now), run)
    for service in found.restarts:
        selector = f'up{{job="{service}"}}'
        found.unscraped[service] = _zeros(stores, selector, run, now)
    found.restarts["payments"] = _new_instances(stores, run, now)
    found.retried = _retried(stores, run, now)
    if addresses.mode is Mode.VIEWER:
        _ask_viewer(found, addresses, run)
    return found


def _ask_service(
    found: Pipeline, stores: Stores, run: Run, now: float, column: str, signal: str
) -> None:
    labels = f'service_name="orders", signal="{signal}"'
    dropped = f"sightline_telemetry_dropped_total{{{labels}}}"
    found.dropped["orders", column] = _grown(stores, dropped, run, now)
    waiting = f"sum(sightline_telemetry_queue_size{{{labels}}})"
    found.waiting["orders", column] = int(stores.number(waiting))


def _ask_collector(
    found: Pipeline, stores: Stores, run: Run, now: float, column: str, items: str
) -> None:
    refused = f"otelcol_receiver_refused_{items}_total"
    found.refused[column] = _grown(stores, refused, run, now)
    found.failed[column] = sum(
        _grown(stores, f"otelcol_exporter_{what}_failed_{items}_total", run, now)
        for what in ("send", "enqueue")
    )
    signal = "traces" if items == "spans" else "logs"
    waiting = f'sum(otelcol_exporter_queue_size{{exporter=~".*/{signal}"}})'
    found.queued[column] = int(stores.number(waiting))


def _ask_viewer(found: Pipeline, addresses: Addresses, run: Run) -> None:
    url = f"{addresses.page}/api/status"
    try:
        status: dict[str, Any] = request(url, timeout=10, headers=addresses.headers(url)).json()
    except (Unreachable, ValueError) as error:
        raise StoreError(f"viewer: {error}") from error
    if status["started"] > run.started:
        found.restarts["viewer"] = [status["started"]]
    found.store_lost = int(status["store"].get("lost_rows", 0))
    for column, (signal, _) in SIGNALS.items():
        services = [one for one in status["received"]["services"] if one["signal"] == signal]
        found.refused[column] = sum(one["rejected"] for one in services)
    for refusal in status["received"]["refused"]:
        if refusal["last_time"] >= run.started:
            found.notes.append(
                f"the viewer refused {refusal['requests']:,d} requests of {refusal['signal']} with"
                f" {refusal['status']}: {refusal['last_reason']}"
            )


def _grown(stores: Stores, selector: str, run: Run, now: float) -> int:
    total, _ = grown(raw(stores, selector, run.started, now), run.started, lambda _: None)
    return total.total()


def _changes(stores: Stores, selector: str, run: Run, now: float) -> list[float]:
    """When a process of this job began, if it was within the run."""
    series = raw(stores, selector, run.started, now)
    began = {round(float(value)) for one in series for _, value in one["values"]}
    return sorted(at for at in began if run.started < at <= run.ended + 5)


def began_within(uptimes: Sequence[Series], run: Run) -> list[float]:
    """By how long a process says to have run: the moments of its starts, of those in the run."""
    began = sorted(float(at) - float(seconds) for one in uptimes for at, seconds in one["values"])
    apart = [at for before, at in zip([-inf, *began], began, strict=False) if at > before + 2]
    return [at for at in apart if run.started < at <= run.ended + 5]


def _retried(stores: Stores, run: Run, now: float) -> int:
    lines = f'{{service_name="orders"}} |~ "^payment.retry$" | request_id=~"{run.request_ids}"'
    return len(stores.logs(lines, run.started - 5, now))


def _new_instances(stores: Stores, run: Run, now: float) -> list[float]:
    """A process that pushes is a new instance with each start."""
    selector = 'target_info{job=~"(.*/)?payments"}'
    found = raw(stores, selector, run.started, now)
    return later_instances([float(one["values"][0][0]) for one in found], run)


def later_instances(first_told: Sequence[float], run: Run) -> list[float]:
    """Of the moments at which each instance first told: those of a start within the run."""
    within = sorted(at for at in first_told if run.started < at <= run.ended + 10)
    # Where none told before the run, the first was there already, and had not pushed yet.
    return within if len(within) < len(first_told) else within[1:]


def _zeros(stores: Stores, selector: str, run: Run, now: float) -> int:
    series = raw(stores, selector, run.started, now)
    return sum(
        1 for one in series for at, up in one["values"] if at >= run.started and float(up) == 0
    )


def clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%H:%M:%S")


def clocks(times: list[float]) -> str:
    return ", ".join(map(clock, times))

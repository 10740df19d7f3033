"""What a run says for people: a line now and then, and a table at its end."""

from collections.abc import Iterator

from locust.stats import RequestStats

from load.tally import NO_ANSWER, Answer, Tally, status_class

CLASSES = ("2xx", "4xx", "5xx", "none")
QUANTILES = (0.5, 0.95, 0.99)
NEARLY, EDGES_SECONDS = 0.97, 2  # of a rate asked for; customers come, and last answers, one by one


def progress(seconds: float, users: int, stats: RequestStats, tally: Tally) -> str:
    p95 = stats.total.get_current_response_time_percentile(0.95) or 0
    return (
        f"{seconds:5.0f} s  {users:3d} customers  {stats.total.current_rps:6.1f} requests/s  "
        f"p95 {p95:5.0f} ms  {tally.sent:7,d} sent  {tally.unexpected:5,d} unexpected"
    )


def summary(seconds: float, stats: RequestStats, tally: Tally, rate: float | None) -> str:
    lines = [
        "",
        f"{'request':42s} {'sent':>8s}"
        + "".join(f"{name:>8s}" for name in CLASSES)
        + "".join(f"{f'p{q * 100:.0f} ms':>8s}" for q in QUANTILES),
        *(_row(name, stats, tally) for name in _names(tally)),
        "",
        _totals(seconds, tally),
        *_shortfall(seconds, tally, rate),
        _judgement(tally),
        *(f"  {count:6,d} x {_surprise(answer)}" for answer, count in tally.surprises()),
    ]
    return "\n".join(lines)


def _totals(seconds: float, tally: Tally) -> str:
    rate = tally.sent / max(seconds, 0.001)
    return (
        f"{tally.sent:,d} requests sent, {tally.answered:,d} answered "
        f"in {seconds:.0f} s ({rate:.1f} a second)."
    )


def _shortfall(seconds: float, tally: Tally, rate: float | None) -> Iterator[str]:
    if rate is not None and tally.sent < NEARLY * rate * (seconds - EDGES_SECONDS):
        yield (
            f"{rate:g} a second were asked for, but answers came too slowly: "
            "let fewer buy (--buying 4), or give orders more workers (ORDERS_WORKERS=2)."
        )


def _judgement(tally: Tally) -> str:
    end = ":" if tally.unexpected else "."
    return (
        f"{tally.refused:,d} refusals were asked for (4xx); "
        f"{tally.unexpected:,d} answers were unexpected{end}"
    )


def quantiles(stats: RequestStats, answer_name: str, method: str) -> list[float]:
    entry = stats.entries.get((answer_name, method))
    return [float(entry.get_response_time_percentile(q)) if entry else 0.0 for q in QUANTILES]


def _names(tally: Tally) -> list[tuple[str, str, str]]:
    return sorted({(a.route, a.method, a.about) for a in tally.answers})


def _row(name: tuple[str, str, str], stats: RequestStats, tally: Tally) -> str:
    route, method, about = name
    label = f"{method} {route}" + (f" ({about})" if about else "")
    counts = dict.fromkeys(CLASSES, 0)
    for answer, count in tally.answers.items():
        if (answer.route, answer.method, answer.about) == name:
            # 1xx and 3xx are unknown to orders; they would be seen among the unexpected.
            kind = status_class(answer.status)
            counts[kind] = counts.get(kind, 0) + count
    times = quantiles(stats, label, method)
    return (
        f"{label:42s} {sum(counts.values()):8,d}"
        + "".join(f"{counts[kind] or '':>8}" for kind in CLASSES)
        + "".join(f"{time:8.0f}" for time in times)
    )


def _surprise(answer: Answer) -> str:
    request = f"{answer.method} {answer.route}" + (f" ({answer.about})" if answer.about else "")
    got = "no answer" if answer.status == NO_ANSWER else f"status {answer.status}"
    return f"{request}: {got}"

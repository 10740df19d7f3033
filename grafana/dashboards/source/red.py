"""Rate, errors and duration of any service, whichever way it is instrumented.

A service under `sightline.telemetry` is scraped and speaks of `handler` and `status="5xx"`;
one under `opentelemetry-instrument` pushes and speaks of `http_route` and a full status code.
Each query below asks for the first `or` the second, under the first one's label names.
"""

from source import metrics
from source.selectors import SELECTED, WINDOW, rate

SCRAPED_ERRORS = 'status="5xx"'
PUSHED_ERRORS = 'http_response_status_code=~"5.."'


def _as_handler(expression: str) -> str:
    """Requests that match no route carry no `http_route`: handler `none`, as when scraped."""
    unmatched = f'label_replace({expression}, "handler", "none", "http_route", "")'
    return f'label_replace({unmatched}, "handler", "$1", "http_route", "(.+)")'


def _sum(expression: str, by: str) -> str:
    return f"sum by ({by}) ({expression})" if by else f"sum({expression})"


def _either(scraped: str, pushed: str, by: str) -> str:
    if "handler" in by:
        pushed = _as_handler(pushed)
    return f"{_sum(scraped, by)} or {_sum(pushed, by)}"


def requests(by: str = "", window: str = WINDOW) -> str:
    scraped = rate(metrics.HTTP_REQUESTS, SELECTED, window=window)
    pushed = rate(metrics.count(metrics.OTEL_HTTP_DURATION), SELECTED, window=window)
    return _either(scraped, pushed, by)


def errors(by: str = "", window: str = WINDOW) -> str:
    """Server errors per second; 0, not nothing, where there were requests and none failed."""
    scraped = rate(metrics.HTTP_REQUESTS, SELECTED, SCRAPED_ERRORS, window=window)
    pushed_count = metrics.count(metrics.OTEL_HTTP_DURATION)
    pushed = rate(pushed_count, SELECTED, PUSHED_ERRORS, window=window)
    return f"{_either(scraped, pushed, by)} or 0 * ({requests(by, window)})"


def error_percentage(by: str = "", window: str = WINDOW) -> str:
    """Of the requests in the window; nothing where there were no requests to take a share of."""
    return f"100 * ({errors(by, window)}) / (({requests(by, window)}) > 0)"


def duration_quantile(quantile: float, by: str = "", window: str = WINDOW) -> str:
    scraped = rate(metrics.bucket(metrics.HTTP_DURATION), SELECTED, window=window)
    pushed = rate(metrics.bucket(metrics.OTEL_HTTP_DURATION), SELECTED, window=window)
    grouped = f"le, {by}" if by else "le"
    return f"histogram_quantile({quantile}, {_either(scraped, pushed, grouped)})"

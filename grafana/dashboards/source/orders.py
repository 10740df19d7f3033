"""What the orders service tells of its business: orders, their value, checkouts, payments."""

from source import metrics
from source.selectors import SELECTED, WINDOW, increase, rate, series

METHOD_AND_CURRENCY = "payment_method, currency"
A_MINUTE = 60


def orders_per_minute(by: str = METHOD_AND_CURRENCY) -> str:
    return f"{A_MINUTE} * {_sum(by)} ({rate(metrics.ORDERS_CREATED, SELECTED)})"


def orders_in_range(by: str = METHOD_AND_CURRENCY) -> str:
    return f"sum by ({by}) ({increase(metrics.ORDERS_CREATED, SELECTED)})"


def _sum(by: str) -> str:
    return f"sum by ({by})" if by else "sum"


def active_checkouts() -> str:
    return f"sum({series(metrics.ACTIVE_CHECKOUTS, SELECTED)})"


def payment_quantile(quantile: float, by: str = "", window: str = WINDOW) -> str:
    grouped = f"le, {by}" if by else "le"
    buckets = rate(metrics.bucket(metrics.PAYMENT_DURATION), SELECTED, window=window)
    return f"histogram_quantile({quantile}, sum by ({grouped}) ({buckets}))"


def payment_failure_percentage(by: str = "") -> str:
    """Payments that became no order; nothing where nobody paid."""
    orders = f"{_sum(by)} ({rate(metrics.ORDERS_CREATED, SELECTED)})"
    payments = f"{_sum(by)} ({rate(metrics.count(metrics.PAYMENT_DURATION), SELECTED)})"
    return f"100 * clamp_min(1 - {orders} / ({payments} > 0), 0)"


def payments_per_minute(by: str = METHOD_AND_CURRENCY) -> str:
    payments = rate(metrics.count(metrics.PAYMENT_DURATION), SELECTED)
    return f"{A_MINUTE} * sum by ({by}) ({payments})"


def revenue_per_minute() -> str:
    return f"{A_MINUTE} * sum by (currency) ({rate(metrics.total(metrics.ORDER_VALUE), SELECTED)})"


def mean_order_value() -> str:
    value = rate(metrics.total(metrics.ORDER_VALUE), SELECTED)
    orders = rate(metrics.count(metrics.ORDER_VALUE), SELECTED)
    return f"sum by (currency) ({value}) / (sum by (currency) ({orders}) > 0)"

"""The business in numbers, beside the HTTP metrics that telemetry counts by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from time import perf_counter

from prometheus_client import Counter, Gauge, Histogram, Summary

from orders.models import Currency, PaymentMethod
from sightline.telemetry import observe

orders_created = Counter(
    "orders_created_total", "Orders confirmed.", ["payment_method", "currency"]
)
active_checkouts = Gauge(
    "active_checkouts", "Orders being placed right now.", multiprocess_mode="livesum"
)
payment_duration = Histogram(
    "payment_duration_seconds",
    "Time until a payment's outcome was known, retries included.",
    ["payment_method", "currency"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5),
)
order_value = Summary("order_value", "Value of confirmed orders, in their currency.", ["currency"])

# From 0 at the start: a rate then sees the first order too.
for method, currency in product(PaymentMethod, Currency):
    orders_created.labels(method.value, currency.value)
    payment_duration.labels(method.value, currency.value)
    order_value.labels(currency.value)


@contextmanager
def timed_payment(payment_method: str, currency: str) -> Iterator[None]:
    """Observe the payment, however it ends, with the trace it belongs to as its exemplar."""
    began = perf_counter()
    try:
        yield
    finally:
        observe(payment_duration.labels(payment_method, currency), perf_counter() - began)

"""When a customer's next request is due, where a rate is asked for."""

import random
import time
from collections.abc import Callable
from typing import Any


def on_schedule(
    period: float, clock: Callable[[], float] = time.monotonic
) -> Callable[[Any], float]:
    """Seconds to wait. A request is due a period after the last was due, not after its answer: who
    is held up by a slow answer sends the next ones sooner, or the rate asked for is never reached.
    """

    def wait(customer: Any) -> float:
        now = clock()
        # Customers come together, but each at a moment of its own.
        first = now - period * random.random()
        customer.due = getattr(customer, "due", first) + period
        return max(0.0, float(customer.due) - now)

    return wait

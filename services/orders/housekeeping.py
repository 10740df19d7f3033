"""What orders does without being asked: settle abandoned orders, take deliveries, forget."""

import asyncio
from datetime import timedelta

import structlog
from opentelemetry.instrumentation.utils import suppress_instrumentation

from orders.book import OrderBook
from orders.errors import OrderError
from orders.payment import PaymentUnknownError
from orders.placing import Placing
from orders.settings import Settings

log = structlog.get_logger(__name__)


class Housekeeping:
    def __init__(self, book: OrderBook, placing: Placing, settings: Settings) -> None:
        self._book = book
        self._placing = placing
        self._seconds = settings.housekeeping_seconds
        self._kept = timedelta(days=settings.keep_days)

    async def run(self) -> None:
        """At once, so that a crash's orders do not wait, and then for ever."""
        while True:
            try:
                await self.tidy()
            except OrderError as error:
                log.warning("housekeeping.postponed", reason=error.problem.code)
            except Exception:
                # Upkeep must outlive one bad round; the next one tries again.
                log.exception("housekeeping.failed")
            await asyncio.sleep(self._seconds)

    async def tidy(self) -> None:
        # A look that finds nothing is no trace; what it finds is traced from there on.
        with suppress_instrumentation():
            if delivered := await self._book.take_delivery():
                log.info("inventory.delivered", products=delivered)
            if forgotten := await self._book.forget(self._kept):
                log.debug("orders.forgotten", orders=forgotten)
            abandoned = await self._book.abandoned()
        for order in abandoned:
            try:
                await self._placing.reconcile(order)
            except PaymentUnknownError as error:
                log.warning("order.unsettled", order_id=order.id, reason=error.trouble.value)
                return

"""What orders forgets: settled orders past their days, and nothing that is still under way."""

from datetime import timedelta

import pytest
from sample_system import Shop, open_shop
from sqlalchemy import update

from orders.settings import Settings
from orders.tables import OrderRow

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


async def test_old_orders_and_their_mails_are_forgotten_but_for_the_last(shop: Shop) -> None:
    placed = [(await shop.place()).json()["order_id"] for _ in range(3)]
    await shop.age_orders(2 * DAY)
    assert await shop.app.state.book.forget(DAY) == 2
    assert [order.id for order in await shop.rows(OrderRow)] == placed[-1:]
    assert [mail.order_id for mail in await shop.mails()] == placed[-1:]
    # No number is given twice, not even where the database takes the highest and adds one.
    assert (await shop.place()).json()["order_id"] > placed[-1]


async def test_young_orders_and_those_under_way_stay(shop: Shop) -> None:
    placed = [(await shop.place()).json()["order_id"] for _ in range(3)]
    assert await shop.app.state.book.forget(DAY) == 0
    await shop.age_orders(2 * DAY)
    async with shop.app.state.database.transaction(quiet=True) as session:
        await session.execute(
            update(OrderRow).where(OrderRow.id == placed[0]).values(status="pending")
        )
    assert await shop.app.state.book.forget(DAY) == 1
    assert {order.id for order in await shop.rows(OrderRow)} == {placed[0], placed[2]}


async def test_housekeeping_forgets_by_the_setting(settings: Settings) -> None:
    async with open_shop(settings) as shop:
        for _ in range(2):
            await shop.place()
        await shop.age_orders(settings.keep_days * DAY * 1.5)
    async with open_shop(settings) as shop:  # its housekeeping begins at once
        await shop.until(lambda orders: len(orders) == 1)

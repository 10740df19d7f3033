"""Baskets: a router within a router, tasks after the answer, and work handed to a thread."""

import logging
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Body, Request

router = APIRouter(prefix="/baskets", tags=["baskets"])
items = APIRouter(prefix="/{basket_id}/items")
log = logging.getLogger("bookshop.baskets")


@items.post("", status_code=201)
async def add_item(
    basket_id: int,
    book_id: Annotated[int, Body(embed=True)],
    tasks: BackgroundTasks,
    request: Request,
) -> dict[str, int]:
    log.info("item added", extra={"basket_id": basket_id, "book_id": book_id})
    tasks.add_task(_remember, basket_id)
    tasks.add_task(_recommend, basket_id)
    request.app.state.postman.post(basket_id)
    return {"basket_id": basket_id, "book_id": book_id}


async def _remember(basket_id: int) -> None:
    log.info("basket remembered", extra={"basket_id": basket_id})


def _recommend(basket_id: int) -> None:
    log.info("books recommended", extra={"basket_id": basket_id})


router.include_router(items)

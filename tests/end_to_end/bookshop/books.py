"""Books to look at: a dependency, sync and async handlers, an answer that streams, an error."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import StreamingResponse

from bookshop.shelves import Shelves

router = APIRouter(prefix="/books", tags=["books"])
log = logging.getLogger("bookshop.books")


def shelves(request: Request) -> Shelves:
    log.info("to the shelves")
    found: Shelves = request.app.state.shelves
    return found


ShelvesHere = Annotated[Shelves, Depends(shelves)]


@router.get("")
def list_books(shelves: ShelvesHere) -> list[str]:
    return shelves.titles()


@router.get("/export")
async def export(shelves: ShelvesHere) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        for title in shelves.titles():
            await asyncio.sleep(0.05)
            log.info("exporting %s", title)
            yield f"{title}\n"

    return StreamingResponse(lines(), media_type="text/plain")


@router.get("/{book_id}")
async def read_book(book_id: int, shelves: ShelvesHere) -> str:
    title = shelves.title(book_id)
    if title is None:
        raise HTTPException(404, "No such book.")
    return title


@router.get("/{book_id}/worth")
async def worth(book_id: int) -> float:
    return book_id / (book_id - 13)

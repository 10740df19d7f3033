"""The bookshop, wired together."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.staticfiles import StaticFiles

from bookshop import admin, baskets, books, live
from bookshop.mail import Postman
from bookshop.middleware import ShopHeader, VisitCount
from bookshop.shelves import open_shelves

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("bookshop")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.shelves = open_shelves()
    app.state.postman = Postman()
    app.state.postman.start()
    log.info("open with %d books", app.state.shelves.count())
    yield
    app.state.postman.stop()
    app.state.shelves.close()
    log.info("closed")


app = FastAPI(title="bookshop", version="2.1.0", lifespan=lifespan)
app.add_middleware(GZipMiddleware, minimum_size=500)
app.add_middleware(CORSMiddleware, allow_origins=["https://books.example"])
app.add_middleware(ShopHeader)
app.add_middleware(VisitCount)
app.include_router(books.router)
app.include_router(baskets.router, prefix="/v1")
app.include_router(live.router)
app.mount("/admin", admin.app)
app.mount("/static", StaticFiles(directory="bookshop"), name="static")

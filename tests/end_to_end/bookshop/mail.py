"""Mails are written by one thread that lives as long as the app, one task for each letter."""

import logging
from concurrent.futures import ThreadPoolExecutor

log = logging.getLogger("bookshop.mail")


class Postman:
    def start(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="postman")

    def post(self, basket_id: int) -> None:
        self._pool.submit(self._write, basket_id)

    def stop(self) -> None:
        self._pool.shutdown()

    def _write(self, basket_id: int) -> None:
        log.info("letter written", extra={"basket_id": basket_id})

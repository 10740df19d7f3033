"""Connections that ask nothing are not kept: they would take the place of those that ask."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SILENT_SECONDS = 30.0
MOST = 400  # of each port, well below the files that a process may have open


class Connection(HttpToolsProtocol):
    """uvicorn's own, that hangs up where no request comes, or too many have come before."""

    _silent: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.close()
        else:
            self._silent = self.loop.call_later(SILENT_SECONDS, transport.close)

    def on_headers_complete(self) -> None:
        self._heard()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._heard()
        super().connection_lost(exc)

    def _heard(self) -> None:
        if self._silent is not None:
            self._silent.cancel()
            self._silent = None

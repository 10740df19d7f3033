"""A talk with the bookseller over a WebSocket."""

import logging

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

router = APIRouter()
log = logging.getLogger("bookshop.live")


@router.websocket("/live/{room}")
async def talk(socket: WebSocket, room: str) -> None:
    await socket.accept()
    log.info("customer came", extra={"room": room})
    try:
        while True:
            await socket.send_text(f"You said {await socket.receive_text()}.")
    except WebSocketDisconnect:
        log.info("customer left", extra={"room": room})

"""The service under load, with no telemetry at all."""

from fastapi import FastAPI

ORDERS = {n: {"order_id": n, "status": "confirmed", "total": n * 3} for n in range(1, 1_001)}


def make_app() -> FastAPI:
    app = FastAPI()

    @app.get("/orders/{order_id}")
    async def read_order(order_id: int) -> dict[str, object]:
        return ORDERS[order_id]

    return app


app = make_app()

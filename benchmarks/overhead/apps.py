"""The same small service in each variant; `OVERHEAD_VARIANT` chooses."""

import os
import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response

ORDERS = {n: {"order_id": n, "status": "confirmed", "total": n * 3} for n in range(1, 1_001)}


def bare() -> FastAPI:
    app = FastAPI()

    @app.get("/orders/{order_id}")
    async def read_order(order_id: int) -> dict[str, object]:
        return ORDERS[order_id]

    return app


def sightline() -> FastAPI:
    from sightline.telemetry import instrument

    app = bare()
    instrument(app)
    return app


def tutorial() -> FastAPI:
    """As the tutorials have it: a logging middleware, the instrumentator, gRPC export."""
    import structlog
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from prometheus_fastapi_instrumentator import Instrumentator

    provider = TracerProvider(resource=Resource.create({"service.name": "tutorial"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(insecure=True)))
    trace.set_tracer_provider(provider)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ]
    )
    log = structlog.get_logger()
    app = bare()

    @app.middleware("http")
    async def log_request(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        start = time.perf_counter()
        response = await call_next(request)
        context = trace.get_current_span().get_span_context()
        log.info(
            "request",
            method=request.method,
            path=request.url.path,
            status=response.status_code,
            duration_ms=(time.perf_counter() - start) * 1e3,
            trace_id=f"{context.trace_id:032x}",
            span_id=f"{context.span_id:016x}",
        )
        return response

    Instrumentator().instrument(app).expose(app)
    FastAPIInstrumentor.instrument_app(app)
    return app


def build(variant: str) -> FastAPI:
    if variant == "bare":
        return bare()
    return tutorial() if variant == "tutorial" else sightline()


app = build(os.environ.get("OVERHEAD_VARIANT", "bare"))

"""The same service as the tutorials have it: logging middleware, instrumentator, gRPC export."""

import time
from collections.abc import Awaitable, Callable

import structlog
from bare import make_app
from fastapi import Request, Response
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
app = make_app()


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

"""Logs, metrics and traces of a FastAPI service by one call, `instrument(app)`.

    app = FastAPI()
    instrument(app)          # at import time, before the server serves; once for each app

What a service needs to know:

- **Logs.** `structlog.get_logger()` and the standard library's loggers both come out as one JSON
  line an event (`LOG_FORMAT=console` for people, `LOG_LEVEL` for less or more) with
  `request_id`, `trace_id` and `span_id`. Write events with fields:
  `log.info("order.created", order_id=7)`. `log.exception("payment.failed")` adds the stack.
  Each request logs `http.request` from `sightline.access` at its end, and an unhandled exception
  `http.exception`, once. `/health` and `/metrics` are silent: no line, span or count.
- **Traces.** The server span is the current span: `trace.get_current_span().set_attribute(…)`;
  your own by `trace.get_tracer(__name__).start_as_current_span("validate.inventory")`. Installed
  client instrumentations (httpx, SQLAlchemy, …) are active afterwards; create a SQLAlchemy engine
  after this call, or have it created by `sqlalchemy.create_engine` looked up after it.
- **Metrics.** `http_requests_total` and `http_request_duration_seconds` at `/metrics`, beside all
  of `prometheus_client`'s default registry; `observe(histogram.labels(…), seconds)` attaches the
  current trace as exemplar.
- **Settings.** The standard `OTEL_*` variables. A wrong one ends the start with one sentence
  (`TelemetryError`, a `SystemExit`).
- **Secrets** are taken out by key and by value; `SIGHTLINE_REDACT_KEYS=a,b` or `redact_keys` add
  keys.
- Lines and records are written by a thread within some 20 ms, errors at once; all that waits is
  sent at the end of the app's lifespan and at exit.
- Tests: `sightline.telemetry.testing`.
"""

from sightline.telemetry.errors import TelemetryError
from sightline.telemetry.instrumentation import instrument
from sightline.telemetry.metrics import observe

__all__ = ["TelemetryError", "instrument", "observe"]

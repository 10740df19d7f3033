"""Random log records as services send them: plain, JSON and logfmt, with typed attributes."""

import json
import random

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

LINES = 480  # fewer than the series that a query may have
SECOND = 10**9
MINUTES = 20
SEVERITIES = {"DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17}
EVENTS = ("order.created", "payment.failed", "http.request", "Charge REFUSED", "naïve “quotes” ✓")
ROUTES = ("/orders", "/orders/{order_id}", "/checkout")
REGIONS = ("eu-west-1", "us-east-1")


def fabricated(seed: int, now: int) -> ExportLogsServiceRequest:
    """The newest is a minute old, so that nothing is too new for either."""
    dice = random.Random(seed)
    request = ExportLogsServiceRequest()
    for service, environment in (("orders", "dev"), ("payments", "dev"), ("orders", "prod")):
        resource = Resource(
            attributes=[
                text("service.name", service),
                text("service.namespace", "sightline"),
                text("deployment.environment.name", environment),
                text("service.instance.id", f"{service}-{environment}-1"),
                text("host.name", dice.choice(("a", "b"))),
            ]
        )
        scoped = request.resource_logs.add(resource=resource).scope_logs.add()
        scoped.scope.name = f"{service}.routes"
        for _ in range(LINES // 3):
            at = now - 60 * SECOND - dice.randrange(MINUTES * 60 * 1000) * 1_000_000
            scoped.log_records.append(_record(dice, at + dice.randrange(1_000_000)))
    return request


def text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def _record(dice: random.Random, at: int) -> LogRecord:
    severity = dice.choices(list(SEVERITIES), (1, 8, 2, 2))[0]
    record = LogRecord(
        time_unix_nano=at,
        severity_number=SEVERITIES[severity],
        severity_text=severity,
        body=AnyValue(string_value=_body(dice)),
        attributes=[
            text("http.route", dice.choice(ROUTES)),
            KeyValue(key="status", value=AnyValue(int_value=dice.choice((200, 201, 404, 500)))),
            KeyValue(key="duration_ms", value=AnyValue(double_value=dice.randrange(8000) / 8)),
        ],
    )
    if dice.random() < 0.5:
        record.attributes.append(text("took", dice.choice(("1.5s", "90ms", "2m", "350us"))))
        record.attributes.append(text("sent", dice.choice(("5KB", "1.5MB", "512B"))))
    if dice.random() < 0.3:
        record.attributes.append(KeyValue(key="retried", value=AnyValue(bool_value=True)))
    if dice.random() < 0.7:
        record.trace_id = dice.randbytes(16)
        record.span_id = dice.randbytes(8)
    return record


def _body(dice: random.Random) -> str:
    event = dice.choice(EVENTS)
    fields = {
        "order_id": dice.randrange(1, 50),
        "region": dice.choice(REGIONS),
        "status": dice.choice(("ok", "late")),  # a name that an attribute has too
    }
    shape = dice.random()
    if shape < 0.3:
        nested = {"card": dice.choice(("visa", "amex")), "amount": dice.randrange(1, 900)}
        return json.dumps({"event": event, **fields, "payment": nested}, ensure_ascii=False)
    if shape < 0.6:
        return " ".join([f'msg="{event}"', *(f"{key}={value}" for key, value in fields.items())])
    return event if shape < 0.8 else f"{event} {fields['order_id']} in {fields['region']}"

"""Log events to OTLP bytes: body is the event's name, attributes are its fields."""

from sightline.telemetry.events import LogEvent
from sightline.telemetry.otlp.wire import any_value, field, fixed32, fixed64, key_value, varint

# Severity numbers of OpenTelemetry by Python's level, in steps of ten.
_SEVERITY = {
    0: (1, b"TRACE"),
    1: (5, b"DEBUG"),
    2: (9, b"INFO"),
    3: (13, b"WARN"),
    4: (17, b"ERROR"),
    5: (21, b"FATAL"),
}
_SEVERITY_BYTES = {
    step: b"\x10" + varint(number) + field(b"\x1a", text)
    for step, (number, text) in _SEVERITY.items()
}


def encode_log(event: LogEvent) -> bytes:
    parts = [
        b"\x09" + fixed64(event.timestamp) + b"\x59" + fixed64(event.timestamp),
        _SEVERITY_BYTES[min(event.level // 10, 5)],
        field(b"\x2a", any_value(event.name)),
    ]
    if event.request_id is not None:
        parts.append(field(b"\x32", key_value("request_id", event.request_id)))
    for key, value in event.fields.items():
        parts.append(field(b"\x32", key_value(key, value)))
    if event.error is not None:
        parts += [
            field(b"\x32", key_value("exception.type", event.error.kind)),
            field(b"\x32", key_value("exception.message", event.error.message)),
            field(b"\x32", key_value("exception.stacktrace", event.error.stack)),
        ]
    span = event.span
    if span is not None:
        parts.append(
            b"\x45" + fixed32(span.trace_flags & 0xFF)
            + b"\x4a\x10" + span.trace_id.to_bytes(16, "big")
            + b"\x52\x08" + span.span_id.to_bytes(8, "big")
        )  # fmt: skip
    return field(b"\x12", b"".join(parts))

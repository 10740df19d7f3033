"""OTLP's requests as the decoders read them: attributes as the bytes they came in.

Most attributes come again and again, byte for byte. Read through OTLP's own classes each of them
costs several Python objects; left as bytes it is one look-up. Same numbers on the wire, so any
OTLP request parses as its view; what a view does not name, nobody reads.
"""

from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import Message

# Their files, which ours refers to, are known once they are imported.
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as _logs  # noqa: F401 — see above
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as _traces  # noqa: F401 — see above

_PACKAGE = "sightline.viewer.receive"
_OTLP = "opentelemetry.proto."
_KINDS: dict[str, Any] = {
    "bytes": Field.TYPE_BYTES,
    "text": Field.TYPE_STRING,
    "fixed64": Field.TYPE_FIXED64,
    "number": Field.TYPE_INT32,
}
# Message: field: number on the wire and kind; a list is a repeated field.
_MESSAGES: dict[str, dict[str, tuple[int, str | list[str]]]] = {
    "Span": {
        "trace_id": (1, "bytes"),
        "span_id": (2, "bytes"),
        "parent_span_id": (4, "bytes"),
        "name": (5, "text"),
        "kind": (6, "number"),
        "start_time_unix_nano": (7, "fixed64"),
        "end_time_unix_nano": (8, "fixed64"),
        "attributes": (9, ["bytes"]),
        "events": (11, ["bytes"]),
        "links": (13, ["bytes"]),
        "status": (15, "bytes"),
    },
    "ScopeSpans": {
        "scope": (1, _OTLP + "common.v1.InstrumentationScope"),
        "spans": (2, [_PACKAGE + ".Span"]),
    },
    "ResourceSpans": {
        "resource": (1, _OTLP + "resource.v1.Resource"),
        "scope_spans": (2, [_PACKAGE + ".ScopeSpans"]),
    },
    "ExportTraceServiceRequest": {"resource_spans": (1, [_PACKAGE + ".ResourceSpans"])},
    "LogRecord": {
        "time_unix_nano": (1, "fixed64"),
        "severity_number": (2, "number"),
        "severity_text": (3, "text"),
        "body": (5, _OTLP + "common.v1.AnyValue"),
        "attributes": (6, ["bytes"]),
        "trace_id": (9, "bytes"),
        "span_id": (10, "bytes"),
        "observed_time_unix_nano": (11, "fixed64"),
        "event_name": (12, "text"),
    },
    "ScopeLogs": {
        "scope": (1, _OTLP + "common.v1.InstrumentationScope"),
        "log_records": (2, [_PACKAGE + ".LogRecord"]),
    },
    "ResourceLogs": {
        "resource": (1, _OTLP + "resource.v1.Resource"),
        "scope_logs": (2, [_PACKAGE + ".ScopeLogs"]),
    },
    "ExportLogsServiceRequest": {"resource_logs": (1, [_PACKAGE + ".ResourceLogs"])},
}


def _described() -> FileDescriptorProto:
    made = FileDescriptorProto(
        name="sightline/viewer/receive/views.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[
            "opentelemetry/proto/common/v1/common.proto",
            "opentelemetry/proto/resource/v1/resource.proto",
        ],
    )
    for message, fields in _MESSAGES.items():
        into = made.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            repeated = isinstance(kind, list)
            single = kind[0] if isinstance(kind, list) else kind
            field = into.field.add(name=name, number=number)
            field.label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
            field.type = _KINDS.get(single, Field.TYPE_MESSAGE)
            if single not in _KINDS:
                field.type_name = f".{single}"
    return made


def _class(name: str) -> type[Message]:
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


_pool = descriptor_pool.Default()
_pool.AddSerializedFile(_described().SerializeToString())

TracesView = _class("ExportTraceServiceRequest")
LogsView = _class("ExportLogsServiceRequest")

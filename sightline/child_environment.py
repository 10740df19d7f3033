"""The standard OTEL_* variables that lead a program's telemetry to the viewer."""

from collections.abc import Mapping

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
SERVICE = "OTEL_SERVICE_NAME"
HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
RESOURCE = "OTEL_RESOURCE_ATTRIBUTES"
_EXPORTERS = ("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER")
# A person waits: seconds, where SDKs take up to a minute.
_PACE = {
    "OTEL_BSP_SCHEDULE_DELAY": "1000",
    "OTEL_BLRP_SCHEDULE_DELAY": "1000",
    "OTEL_METRIC_EXPORT_INTERVAL": "5000",
}


def child_environment(
    env: Mapping[str, str],
    *,
    host: str = "127.0.0.1",
    http_port: int,
    grpc_port: int,
    key: str = "",
    service: str = "",
    folder: str = "",
) -> dict[str, str]:
    """What to add to `env`: nothing that its user has set already, other than by `service`.

    Without a name from anywhere, the service has that of its `folder`.
    """
    own = {name for name, value in env.items() if value}
    added = dict(_PACE) | dict.fromkeys(_EXPORTERS, "otlp")
    if ENDPOINT not in own:
        protocol = env.get(PROTOCOL) or "http/protobuf"
        port = grpc_port if protocol == "grpc" else http_port
        added |= {ENDPOINT: f"http://{host}:{port}", PROTOCOL: protocol}
        if key:
            added[HEADERS] = f"x-otlp-api-key={key}"
    # Dashboards select by it, and a search for traces finds none where it is absent.
    added[RESOURCE] = "deployment.environment.name=development"
    if folder and "service.name=" not in env.get(RESOURCE, ""):
        added[SERVICE] = folder
    wanted = {name: value for name, value in added.items() if name not in own}
    return wanted | ({SERVICE: service} if service else {})

"""Settings from the environment, each checked at start-up with a sentence that names it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from sightline.telemetry.errors import TelemetryError

Signal = Literal["traces", "logs"]

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
SAMPLERS = (
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
)
PROTOCOLS = ("http/protobuf", "grpc")
DEFAULT_ENDPOINT = {"http/protobuf": "http://127.0.0.1:4318", "grpc": "http://127.0.0.1:4317"}


@dataclass(frozen=True, kw_only=True)
class ExportSettings:
    """Where one signal goes and how much of it may wait."""

    signal: Signal
    enabled: bool
    protocol: str
    endpoint: str
    delay: float
    queue_size: int
    batch_size: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    level: int
    console: bool
    disabled: bool
    redact_keys: tuple[str, ...]
    value_limit: int
    traces: ExportSettings
    logs: ExportSettings


def read_settings(redact_keys: tuple[str, ...] = ()) -> Settings:
    env = os.environ
    _check_sampler(env)
    added = (key.strip() for key in env.get("SIGHTLINE_REDACT_KEYS", "").split(","))
    disabled = _boolean(env, "OTEL_SDK_DISABLED")
    return Settings(
        level=LEVELS[_choice(env, "LOG_LEVEL", "INFO", tuple(LEVELS), upper=True)],
        console=_choice(env, "LOG_FORMAT", "json", ("json", "console")) == "console",
        disabled=disabled,
        redact_keys=(*redact_keys, *filter(None, added)),
        value_limit=_integer(env, "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 16_384),
        traces=_export(env, "traces", "BSP", disabled=disabled),
        logs=_export(env, "logs", "BLRP", disabled=disabled),
    )


def _export(
    env: Mapping[str, str], signal: Signal, prefix: str, *, disabled: bool
) -> ExportSettings:
    name = signal.upper()
    exporter = _choice(env, f"OTEL_{name}_EXPORTER", "otlp", ("otlp", "none"))
    default = _choice(env, "OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", PROTOCOLS)
    protocol = _choice(env, f"OTEL_EXPORTER_OTLP_{name}_PROTOCOL", default, PROTOCOLS)
    _check_timeout(env, "OTEL_EXPORTER_OTLP_TIMEOUT")
    _check_timeout(env, f"OTEL_EXPORTER_OTLP_{name}_TIMEOUT")
    queue_size = _integer(env, f"OTEL_{prefix}_MAX_QUEUE_SIZE", 16_384)
    return ExportSettings(
        signal=signal,
        enabled=exporter == "otlp" and not disabled,
        protocol=protocol,
        endpoint=_endpoint(env, signal, protocol),
        delay=_integer(env, f"OTEL_{prefix}_SCHEDULE_DELAY", 1_000) / 1_000,
        queue_size=queue_size,
        batch_size=min(_integer(env, f"OTEL_{prefix}_MAX_EXPORT_BATCH_SIZE", 512), queue_size),
    )


def _endpoint(env: Mapping[str, str], signal: Signal, protocol: str) -> str:
    own = f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"
    if env.get(own, "").strip():
        return _url(own, env[own].strip())
    common = "OTEL_EXPORTER_OTLP_ENDPOINT"
    base = _url(common, env.get(common, "").strip() or DEFAULT_ENDPOINT[protocol])
    return base if protocol == "grpc" else f"{base.rstrip('/')}/v1/{signal}"


def _url(name: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise TelemetryError(
            f"{name}={value!r} is no endpoint; give a URL such as http://127.0.0.1:4318."
        )
    return value


def _choice(
    env: Mapping[str, str],
    name: str,
    default: str,
    allowed: tuple[str, ...],
    *,
    upper: bool = False,
) -> str:
    value = env.get(name, "").strip() or default
    value = value.upper() if upper else value.lower()
    if value not in allowed:
        raise TelemetryError(f"{name}={env[name]!r} is not one of {', '.join(allowed)}.")
    return value


def _boolean(env: Mapping[str, str], name: str) -> bool:
    return _choice(env, name, "false", ("true", "false")) == "true"


def _integer(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, "").strip()
    if not value:
        return default
    if not value.isdigit() or int(value) == 0:
        raise TelemetryError(f"{name}={value!r} is not a whole number above 0.")
    return int(value)


def _check_timeout(env: Mapping[str, str], name: str) -> None:
    value = env.get(name, "").strip()
    try:
        usable = not value or float(value) > 0
    except ValueError:
        usable = False
    if not usable:
        raise TelemetryError(f"{name}={value!r} is not a number of seconds above 0.")


def _check_sampler(env: Mapping[str, str]) -> None:
    sampler = _choice(env, "OTEL_TRACES_SAMPLER", "parentbased_always_on", SAMPLERS)
    argument = env.get("OTEL_TRACES_SAMPLER_ARG", "").strip()
    if not sampler.endswith("traceidratio") or not argument:
        return
    try:
        usable = 0.0 <= float(argument) <= 1.0
    except ValueError:
        usable = False
    if not usable:
        raise TelemetryError(
            f"OTEL_TRACES_SAMPLER_ARG={argument!r} is not a ratio between 0 and 1."
        )

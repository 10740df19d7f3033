"""`python -m payments`: the server under `opentelemetry-instrument`, with our defaults.

The one place that says how payments is run: the demo, compose and the tests start this.
Every default below gives way to the same variable in the environment.
"""

import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from payments import __version__
from payments.options import parser

DEFAULTS = {
    "OTEL_SERVICE_NAME": "payments",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_LOGS_EXPORTER": "otlp",
    # FastAPI makes its own telemetry; contrib's would name and count everything a second way. The
    # rest is of libraries that payments never calls; importing them would double its start.
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "fastapi,starlette,asgi,httpx,httpx2,sqlalchemy",
    "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
}
RESOURCE = {
    "service.namespace": "sightline",
    "service.version": __version__,
    "deployment.environment.name": "development",
}


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """Ours beneath the caller's, resource attributes key by key."""
    given = env.get("OTEL_RESOURCE_ATTRIBUTES", "")
    named = {pair.partition("=")[0].strip() for pair in given.split(",")}
    added = [f"{key}={value}" for key, value in RESOURCE.items() if key not in named]
    attributes = ",".join([*([given] if given else []), *added])
    return {**DEFAULTS, **env, "OTEL_RESOURCE_ATTRIBUTES": attributes}


def main() -> None:
    parser().parse_args()  # a wrong argument is refused before anything starts
    instrument = Path(sysconfig.get_path("scripts")) / "opentelemetry-instrument"
    command = [str(instrument), sys.executable, "-m", "payments.server", *sys.argv[1:]]
    os.execve(command[0], command, environment(os.environ))  # noqa: S606 — our own command


if __name__ == "__main__":
    main()

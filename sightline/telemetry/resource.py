"""Who emits: the resource of this process, by the environment and then by the app."""

import os
import uuid
from collections.abc import Mapping

from opentelemetry.sdk.resources import Resource


def describe_process(service_name: str | None, resource: Mapping[str, str]) -> Resource:
    """What the environment says wins; `instrument`'s arguments fill what it leaves open."""
    given = dict(resource)
    if service_name:
        given.setdefault("service.name", service_name)
    given.setdefault("service.instance.id", str(uuid.uuid4()))
    detected = Resource.create()
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    said = dict(detected.attributes)
    said.pop("service.instance.id", None)
    if not named and "service.name" in given:
        said.pop("service.name", None)
    if "service.instance.id=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        said["service.instance.id"] = detected.attributes["service.instance.id"]
    return Resource({**given, **said}, detected.schema_url)

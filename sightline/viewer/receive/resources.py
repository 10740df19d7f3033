"""Who sent it: resources, each known by the hash of its attributes and stored once."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage

from sightline.viewer.receive.attributes import Attributes, dumps
from sightline.viewer.store.batch import Batch

UNKNOWN_SERVICE = "unknown_service"
OTHERS = "(other services)"
MOST_STORED = 20_000
MOST_SERVICES = 1_000
LONGEST_NAME = 256
_MAX_REMEMBERED = 4_096
_LARGE = 16 * 1024  # bytes of a resource that is read anew each time


@dataclass(frozen=True, slots=True)
class Resource:
    id: int
    service: str
    namespace: str
    environment: str
    instance: str
    attributes: dict[str, Any]
    json: str


class Resources:
    """Remembers resources by their bytes, so that a batch costs one look-up each."""

    def __init__(self, stored: set[int]) -> None:
        self._stored = stored
        self._services: set[str] = set()
        self._by_bytes: dict[bytes, Resource] = {}
        self.by_id: dict[int, dict[str, Any]] = {}

    def read(self, message: ResourceMessage, attributes: Attributes, batch: Batch) -> Resource:
        raw = message.SerializeToString(deterministic=True)
        resource = self._by_bytes.get(raw)
        if resource is None:
            resource = self._admitted(_resource(attributes.read(message.attributes)))
            self._remember(raw, resource)
        if resource.id not in self._stored:
            self._stored.add(resource.id)
            batch.resources.append(_row(resource))
        return resource

    def _admitted(self, resource: Resource) -> Resource:
        """Of too many senders all but the service's name is dropped, in the end that too."""
        known = resource.service in self._services
        if not known and len(self._services) < MOST_SERVICES:
            self._services.add(resource.service)
            known = True
        if resource.id in self._stored or len(self._stored) < MOST_STORED:
            return resource
        return _resource({"service.name": resource.service if known else OTHERS})

    def _remember(self, raw: bytes, resource: Resource) -> None:
        if len(self._by_bytes) >= _MAX_REMEMBERED:
            self._by_bytes.clear()
            self.by_id.clear()
        if len(raw) <= _LARGE:
            self._by_bytes[raw] = resource
        self.by_id[resource.id] = resource.attributes


def _resource(found: dict[str, Any]) -> Resource:
    json = dumps(found)
    digest = hashlib.blake2b(json.encode(), digest_size=8).digest()
    environment = found.get("deployment.environment.name", found.get("deployment.environment"))
    return Resource(
        id=int.from_bytes(digest, "little", signed=True),
        service=_text(found.get("service.name")) or UNKNOWN_SERVICE,
        namespace=_text(found.get("service.namespace")),
        environment=_text(environment),
        instance=_text(found.get("service.instance.id")),
        attributes=found if len(json) <= _LARGE else orjson.loads(json),
        json=json,
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)[:LONGEST_NAME]


def _row(resource: Resource) -> tuple[object, ...]:
    return (
        resource.id,
        resource.service,
        resource.namespace,
        resource.environment,
        resource.instance,
        resource.json,
    )

"""Secrets in log lines, of orders and of a service that hides nothing: no store sees them."""

import json
import random
import secrets
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sightline.proof.drill import links
from sightline.proof.drill.panel import panel
from sightline.proof.drill.scene import Unable
from sightline.proof.drill.stage import NotShown, Stage
from sightline.proof.drill.story import ExpectedPanel
from sightline.proof.drill.traffic import NO_ANSWER, Sent, send
from sightline.proof.http import Unreachable, request

_PANEL = ExpectedPanel("service", "Log lines", passes=0)
_MASKS = ("[REDACTED]", "****")
_SECONDS = 10.0
_OK = 200


def play(stage: Stage) -> None:
    scene, told = stage.scene, _Secrets()
    shown = panel(scene, _PANEL)
    scene.require_traces()
    sent = send(
        scene.places.orders, f"drill-{scene.id}-leak", None, path=f"/orders/{told.card_in_path}"
    )
    if sent.status == NO_ANSWER:
        raise Unable(
            f"orders does not answer at {scene.places.orders}. Start it (make demo, make up), or "
            "say where it is with --orders."
        )
    careless = secrets.token_hex(16)
    _log_carelessly(stage, told, careless)
    stage.was_in = True
    stage.note("fault", "a card number as an order's id, and a line with a password, are logged")
    kept = _Kept(stage, f'{shown.query} | request_id="{sent.request_id}"', sent, careless)
    stage.show(kept.all_there, "both lines and the trace")
    _require_hidden(stage, told, kept)
    stage.note("alert", "none: a secret that is hidden alerts nobody")
    stage.note("panel", f"{shown.name}: {kept.shown}")
    stage.note("trace", f"{sent.trace_id} has no secret in any of {len(kept.spans)} spans")
    stage.facts["trace"] = {"id": sent.trace_id, "culprit": ""}
    stage.facts["panel"] = {"before": None, "during": kept.shown}
    stage.links["lines"] = links.lines(scene, sent.request_id)
    stage.links["trace"] = links.trace(scene, sent.trace_id)
    stage.links["runbook"] = "docs/runbook.md#drills"
    links.tell(stage)
    stage.note("quiet", "nothing is left but two lines with their secrets hidden")


def made_up_card() -> str:
    """Sixteen digits that pass for a card's: Luhn's check holds."""
    digits = "4" + "".join(random.choices("0123456789", k=14))  # noqa: S311 — no card of anybody's
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[::2])
    plain = sum(int(digit) for digit in digits[1::2])
    return digits + str(-(doubled + plain) % 10)


@dataclass(frozen=True)
class _Secrets:
    """Made up anew each time, so that where they are found they were put by this drill."""

    card_in_path: str = field(default_factory=made_up_card)
    card: str = field(default_factory=made_up_card)
    password: str = field(default_factory=lambda: secrets.token_hex(8))
    token: str = field(default_factory=lambda: secrets.token_hex(12))

    @property
    def line(self) -> str:
        return (
            f"card {self.card} refused, Authorization: Bearer {self.token}, "
            f"password={self.password}"
        )

    @property
    def all(self) -> tuple[str, ...]:
        return self.card_in_path, self.card, self.password, self.token


@dataclass
class _Kept:
    """What the stores hold of it."""

    stage: Stage
    of_orders: str  # LogQL
    sent: Sent
    careless: str  # the trace id that the careless line carries
    lines: list[dict[str, Any]] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)

    def all_there(self) -> bool:
        stores, start = self.stage.scene.stores, self.stage.began_at - 5
        own = stores.logs(self.of_orders, start)
        other = stores.logs(f'{{service_name="drill"}} | trace_id="{self.careless}"', start)
        self.spans = stores.trace(self.sent.trace_id)
        self.lines = [*own, *other]
        # order.not_found, and the access line that follows it.
        return len(own) > 1 and bool(other) and bool(self.spans)

    @property
    def shown(self) -> str:
        path = next((str(line["path"]) for line in self.lines if "path" in line), "")
        return f"path={path}"


def _require_hidden(stage: Stage, told: _Secrets, kept: _Kept) -> None:
    scene, start = stage.scene, stage.began_at - 5
    held = {"a line": json.dumps(kept.lines), "a span": json.dumps(kept.spans)}
    for secret in told.all:
        found = [place for place, text in held.items() if secret in text]
        query = f'{{service_name=~".+"}} |= "{secret}"'
        if scene.patiently(partial(scene.stores.logs, query, start, limit=1)):
            found.append("a line that others wrote")
        if found:
            raise NotShown(f"a made-up secret stands in {' and in '.join(found)}, unhidden")
    for line in kept.lines:
        if not any(mask in json.dumps(line) for mask in _MASKS):
            raise NotShown(f"nothing is hidden in the line {line['line']!r}")


def _log_carelessly(stage: Stage, told: _Secrets, trace_id: str) -> None:
    """As a program without any redaction of its own sends its lines."""
    now = str(time.time_ns())
    record = {
        "timeUnixNano": now,
        "observedTimeUnixNano": now,
        "severityNumber": 13,
        "severityText": "WARN",
        "traceId": trace_id,
        "spanId": trace_id[:16],
        "body": {"stringValue": told.line},
        "attributes": [{"key": "password", "value": {"stringValue": told.password}}],
    }
    service = {"key": "service.name", "value": {"stringValue": "drill"}}
    resource = {"attributes": [service]}
    logs = {"resource": resource, "scopeLogs": [{"logRecords": [record]}]}
    url = f"{stage.scene.places.otlp_http}/v1/logs"
    try:
        answer = request(
            url,
            timeout=_SECONDS,
            method="POST",
            headers={"Content-Type": "application/json"},
            body=json.dumps({"resourceLogs": [logs]}).encode(),
        )
    except Unreachable as error:
        raise Unable(f"{error}. Say where OTLP is taken with --otlp-http.") from error
    if answer.status != _OK:
        raise Unable(f"{url} does not take a log line: it answers {answer.summary}")

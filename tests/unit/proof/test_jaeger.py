"""Jaeger's answers in the shape of Tempo's."""

import json
from dataclasses import replace
from typing import Any

import pytest
from doctors import NOBODY, Serve, patient

from sightline.proof import jaeger
from sightline.proof.addresses import Mode
from sightline.proof.doctor.patient import Options
from sightline.proof.stores import StoreError

TRACE = {
    "traceID": "ab",
    "processes": {"p1": {"serviceName": "orders", "tags": []}},
    "spans": [
        {
            "traceID": "ab",
            "spanID": "cd",
            "operationName": "POST /checkout",
            "startTime": 1_700_000_000_000_000,
            "duration": 2_000,
            "processID": "p1",
            "tags": [{"key": "span.kind", "type": "string", "value": "server"}],
        }
    ],
}
SERVICES = (200, json.dumps({"data": ["orders"]}))


def test_a_trace_has_the_fields_of_tempo_s(serve: Serve) -> None:
    at = serve({"/api/traces/ab": (200, json.dumps({"data": [TRACE]}))})
    assert jaeger.trace(at, "ab") == [
        {
            "name": "POST /checkout",
            "spanId": "cd",
            "kind": "SPAN_KIND_SERVER",
            "startTimeUnixNano": "1700000000000000000",
            "endTimeUnixNano": "1700000000002000000",
            "resource": {"service.name": "orders"},
        }
    ]


def test_an_unknown_trace_has_no_spans(serve: Serve) -> None:
    assert jaeger.trace(serve({}), "ab") == []


def test_an_answer_that_is_none_is_told_in_a_line(serve: Serve) -> None:
    at = serve({"/api/traces/ab": (200, "<html>")})
    with pytest.raises(StoreError, match="answers without data"):
        jaeger.trace(at, "ab")


def test_jaeger_is_asked_where_nobody_is_in_tempo_s_place(serve: Serve) -> None:
    at = serve({"/api/services": SERVICES})

    def asked(tempo: str = NOBODY, jaeger: str = at, **given: Any) -> str:
        made = patient(tempo, **given)
        made.places = replace(made.places, jaeger=jaeger)
        return made.jaeger

    assert asked() == at
    assert asked(jaeger=NOBODY) == ""
    assert asked(serve({"/ready": (200, "ready")})) == ""
    assert asked(mode=Mode.VIEWER) == ""
    assert asked(options=Options(named=frozenset({"tempo"}))) == ""

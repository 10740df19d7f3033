"""Who wants a key or a token is told from who is not there."""

from dataclasses import replace

import pytest
from doctors import Serve, patient

from sightline.proof.addresses import Mode
from sightline.proof.doctor.collection import _refused
from sightline.proof.doctor.command import _headers
from sightline.proof.doctor.findings import Broken
from sightline.proof.doctor.patient import Options
from sightline.proof.doctor.stores import metrics_store
from sightline.proof.http import Answer


def test_a_store_that_wants_a_token_is_told(serve: Serve) -> None:
    at = serve({"/-/ready": (401, "this viewer asks for its token")})
    with pytest.raises(Broken) as raised:
        metrics_store(patient(at))
    assert "a token or password" in raised.value.cause
    assert "this viewer asks for its token" in raised.value.found


@pytest.mark.parametrize(
    ("token", "cause"),
    [("", "doctor was told none"), ("wrong", "is not this viewer's token")],
)
def test_a_viewer_that_wants_its_token_is_told_with_the_setting(
    serve: Serve, token: str, cause: str
) -> None:
    at = serve({"/api/v1/query": (401, "this viewer asks for its token")})
    asked = patient(at, Mode.VIEWER)
    asked.places = replace(asked.places, token=token)
    with pytest.raises(Broken) as raised:
        metrics_store(asked)
    assert cause in raised.value.cause
    assert raised.value.remedy.startswith("SIGHTLINE_TOKEN=TOKEN sightline doctor")


def test_the_token_is_shown_to_the_viewer_and_to_nobody_else() -> None:
    places = replace(patient("http://127.0.0.1:3000", Mode.VIEWER).places, token="secret")
    assert places.headers("http://127.0.0.1:3000/api/status") == {"Authorization": "Bearer secret"}
    assert places.headers("http://127.0.0.1:30001/hello") == {}
    assert replace(places, mode=Mode.STACK).headers("http://127.0.0.1:3000/") == {}
    assert "secret" not in repr(places) + repr(places.stores())


@pytest.mark.parametrize(
    ("headers", "cause"),
    [({}, "doctor was told none"), ({"authorization": "Bearer x"}, "OTEL_EXPORTER_OTLP_HEADERS")],
)
def test_an_endpoint_that_wants_a_key_is_told(headers: dict[str, str], cause: str) -> None:
    asked = patient(options=Options(otlp_headers=headers))
    answer = Answer("http://127.0.0.1:4318/v1/traces", 401, {}, b"this viewer asks for a key")
    broken = _refused(asked, "viewer", "it takes a span", answer)
    assert cause in broken.cause
    assert "OTEL_EXPORTER_OTLP_HEADERS=" in broken.remedy


def test_something_else_in_a_store_s_place_is_told(serve: Serve) -> None:
    with pytest.raises(Broken) as raised:
        metrics_store(patient(serve({})))
    assert raised.value.cause == "something else than Prometheus is there"


def test_headers_for_the_endpoint_come_as_opentelemetry_writes_them() -> None:
    assert _headers("authorization=Bearer%20k=, x-a = b") == {
        "authorization": "Bearer k=",
        "x-a": "b",
    }
    assert _headers("") == {}

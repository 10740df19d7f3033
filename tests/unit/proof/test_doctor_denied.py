"""Who wants a key or a token is told from who is not there."""

import pytest
from doctors import Serve, patient

from sightline.proof.doctor.command import _headers
from sightline.proof.doctor.findings import Broken
from sightline.proof.doctor.stores import metrics_store


def test_a_store_that_wants_a_token_is_told(serve: Serve) -> None:
    at = serve({"/-/ready": (401, "this viewer asks for its token")})
    with pytest.raises(Broken) as raised:
        metrics_store(patient(at))
    assert "a token or password" in raised.value.cause
    assert "this viewer asks for its token" in raised.value.found


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

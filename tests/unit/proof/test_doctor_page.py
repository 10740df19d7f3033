"""A /metrics page as text."""

from sightline.proof.doctor.page import Page

PAGE = Page(
    """\
# HELP http_requests_total Requests.
http_requests_total{handler="/orders/{order_id}",method="GET",status="2xx"} 3.0
http_requests_total{handler="/a \\"b\\"",method="GET",status="2xx"} 4.0 1690000000.1
http_requests_total_other 9.0
up 1
d_bucket{le="0.1"} 2.0 # {trace_id="abc",span_id="d"} 0.05 1.6e9
d_bucket{le="+Inf"} 2.0
# EOF
"""
)


def test_a_name_is_summed_over_all_its_labels() -> None:
    assert PAGE.total("http_requests_total") == 7
    assert PAGE.total("up") == 1
    assert PAGE.total("absent") == 0


def test_labels_may_hold_braces_and_quotes() -> None:
    found = PAGE.by("handler", "http_requests_total")
    assert found == {"/orders/{order_id}": 3, '/a \\"b\\"': 4}


def test_a_name_is_not_the_beginning_of_another() -> None:
    assert PAGE.has("http_requests_total")
    assert not PAGE.has("http_requests")


def test_exemplars_come_with_their_labels() -> None:
    assert PAGE.exemplars("d_bucket") == [{"trace_id": "abc", "span_id": "d"}]

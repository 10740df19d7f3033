"""Where things are: flags before environment, viewer before stack, one line for what is wrong."""

import argparse
import socket
from collections.abc import Callable

import pytest

from sightline.proof.addresses import AddressError, Addresses, Mode, add_arguments, locate

Serve = Callable[[dict[str, tuple[int, str]]], str]
VIEWER = {"/healthz": (200, '{"status": "ok", "application": "sightline viewer"}')}
PROMETHEUS = {"/api/v1/query": (200, '{"status": "success", "data": {}}')}
GRAFANA = {"/healthz": (200, "Ok")}


def located(*flags: str, **env: str) -> Addresses:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return locate(parser.parse_args(flags), env)


def port_of(url: str) -> str:
    return url.rpartition(":")[2]


@pytest.fixture
def nowhere() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_a_viewer_at_the_page_s_port_answers_for_all_three_stores(serve: Serve) -> None:
    viewer = serve(VIEWER)
    found = located(SIGHTLINE_PORT=port_of(viewer))
    assert found.mode is Mode.VIEWER
    assert {found.prometheus, found.loki, found.tempo, found.page} == {viewer}


def test_grafana_at_the_page_s_port_is_not_taken_for_a_viewer(serve: Serve) -> None:
    page, prometheus = serve(GRAFANA), serve(PROMETHEUS)
    found = located(SIGHTLINE_PORT=port_of(page), PROMETHEUS_PORT=port_of(prometheus))
    assert found.mode is Mode.STACK
    assert (found.page, found.prometheus) == (page, prometheus)
    assert found.loki == "http://127.0.0.1:3100"


def test_a_store_named_by_a_flag_is_asked_though_a_viewer_runs(serve: Serve) -> None:
    viewer, prometheus = serve(VIEWER), serve(PROMETHEUS)
    found = located(f"--prometheus={prometheus}/", SIGHTLINE_PORT=port_of(viewer))
    assert (found.mode, found.prometheus) == (Mode.STACK, prometheus)


def test_flags_come_before_the_environment(serve: Serve) -> None:
    viewer = serve(VIEWER)
    found = located("--orders=http://127.0.0.1:7", f"--viewer={viewer}", ORDERS_PORT="8")
    assert (found.orders, found.mode) == ("http://127.0.0.1:7", Mode.VIEWER)


def test_nobody_anywhere_is_said_with_both_addresses_and_the_remedy(nowhere: str) -> None:
    found = located(SIGHTLINE_PORT=nowhere, PROMETHEUS_PORT=nowhere)
    assert found.mode is Mode.NONE
    with pytest.raises(AddressError, match=f"{nowhere}.*{nowhere}.*make demo, or make up"):
        found.require()


@pytest.mark.parametrize("port", ["eighty", "0", "65536", "-1", "٣"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(AddressError, match=f"ORDERS_PORT='{port}' is not a port"):
        located(ORDERS_PORT=port)


@pytest.mark.parametrize("url", ["localhost:9090", "ftp://here", "http://", "http://[", ""])
def test_a_flag_that_is_no_address_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        located(f"--loki={url}")
    assert f"{url!r} is no address such as http://" in capsys.readouterr().err

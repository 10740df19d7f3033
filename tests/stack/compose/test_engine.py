"""What docker-compose.yml promises, on an engine: `make test-stack STACK=compose`."""

import os
import signal
import time
from pathlib import Path

import pytest
from composed import services
from engine import Engine, compose, containers
from stores import Stores, eventually
from traffic import Sent, Traffic

SERVICES = [name for name in services() if name != "load"]


@pytest.fixture(scope="module")
def placed(system: Engine, traffic: Traffic, stores: Stores) -> Sent:
    """An order whose line, span and count have reached their stores."""
    assert system
    sent = next(one for one in iter(traffic.checkout, None) if one.status == 201)
    eventually(lambda: kept(stores, sent))
    return sent


def kept(stores: Stores, sent: Sent) -> bool:
    query = f'{{service_name="orders"}} |= "http.request" | request_id="{sent.request_id}"'
    lines = stores.logs(query, sent.at - 60)
    if not lines or not stores.trace(lines[0]["trace_id"]):
        return False
    return bool(stores.number("max(max_over_time(orders_created_total[1h]))"))


def healthy() -> bool:
    return all(one["State"]["Health"]["Status"] == "healthy" for one in containers().values())


def test_every_container_is_healthy(placed: Sent) -> None:
    assert placed
    assert set(containers()) == set(SERVICES)
    assert healthy()


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_holds_nothing_that_it_does_not_need(placed: Sent, service: str) -> None:
    assert placed
    container = containers()[service]
    host = container["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["Memory"] > 0
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    status = Path(f"/proc/{container['State']['Pid']}/status").read_text()
    uid = next(line.split()[1] for line in status.splitlines() if line.startswith("Uid:"))
    assert uid != "0"


@pytest.mark.parametrize("service", SERVICES)
def test_a_port_is_published_on_the_loopback_alone(placed: Sent, service: str) -> None:
    assert placed
    published = containers()[service]["NetworkSettings"]["Ports"] or {}
    hosts = {bound["HostIp"] for bindings in published.values() for bound in bindings or []}
    assert hosts <= {"127.0.0.1"}


def test_the_database_is_in_a_network_with_orders_alone(placed: Sent) -> None:
    assert placed
    networks = {name: set(one["NetworkSettings"]["Networks"]) for name, one in containers().items()}
    assert {name for name, of in networks.items() if "sightline_database" in of} == {
        "postgres",
        "orders",
    }
    assert networks["postgres"] == {"sightline_database"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_whose_process_is_killed_heals(
    placed: Sent, stores: Stores, service: str
) -> None:
    before = containers()[service]["State"]
    os.kill(before["Pid"], signal.SIGKILL)
    eventually(lambda: containers()[service]["State"]["StartedAt"] != before["StartedAt"], 60)
    eventually(healthy, 90, "health of every container")
    eventually(lambda: kept(stores, placed), 60, f"what was kept before {service} was killed")


def test_down_and_up_again_keeps_the_data(
    placed: Sent, stores: Stores, traffic: Traffic, system: Engine
) -> None:
    count = traffic.client.get(f"{traffic.orders}/orders?limit=1").json()["orders"][0]["order_id"]
    compose("down")
    began = time.monotonic()
    system.start()
    assert time.monotonic() - began < 60
    assert traffic.client.get(f"{traffic.orders}/orders/{count}").status_code == 200
    eventually(lambda: kept(stores, placed), 60)

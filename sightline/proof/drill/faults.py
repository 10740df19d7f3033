"""Faults: how one is put in and healed, and what must be remembered to heal it later."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sightline import roster
from sightline.proof.drill.scene import Unable
from sightline.proof.http import Answer, Refused, Unreachable, request

_OK, _FORBIDDEN = 200, 403
_SECONDS = 15.0
_ENGINE_SECONDS = 120.0


class Gone(Unable):
    """Nothing listens where orders was: what was switched on in it has ended with it."""


class Fault(Protocol):
    def require(self) -> None:
        """Raise `Unable` where it cannot be put in, before anything is."""

    def inject(self) -> None: ...

    def heal(self) -> None:
        """As often as one likes; raise `Unable` where it could not be healed."""

    def record(self) -> dict[str, Any]:
        """For `recorded`."""


@dataclass(frozen=True)
class Switch:
    """One of orders' own faults."""

    orders: str
    name: str
    settings: Mapping[str, float] = field(default_factory=dict)

    @property
    def _url(self) -> str:
        return f"{self.orders}/faults/{self.name}"

    def require(self) -> None:
        answer = _asked(f"{self.orders}/faults")
        if answer.status == _FORBIDDEN:
            raise Unable(
                f"orders at {self.orders} refuses faults. Start it with SIGHTLINE_FAULTS=1 "
                "(SIGHTLINE_FAULTS=1 make up), never where real orders are taken."
            )
        try:
            on = [fault["name"] for fault in answer.json() if fault["active"]]
        except (ValueError, TypeError, KeyError) as error:
            raise Unable(
                f"{answer.url} answers {answer.summary}: that is not orders. Say where it is "
                "with --orders or ORDERS_PORT."
            ) from error
        if on:
            raise Unable(
                f"the fault {on[0]} is on already, and would blur this one. Heal it: "
                f"curl -X DELETE {self.orders}/faults/{on[0]}"
            )

    def inject(self) -> None:
        answer = _asked(self._url, "PUT", json.dumps(dict(self.settings)).encode())
        if answer.status != _OK:
            raise Unable(f"PUT {answer.url} answers {answer.summary}")

    def heal(self) -> None:
        answer = _asked(self._url, "DELETE")
        if answer.status not in {_OK, _FORBIDDEN}:  # started anew without faults: none is on
            raise Unable(f"DELETE {answer.url} answers {answer.summary}")

    def record(self) -> dict[str, Any]:
        return {"kind": "switch", "orders": self.orders, "name": self.name}


@dataclass(frozen=True)
class Halt:
    """A process of the demo stands still, as one does whose machine is gone."""

    data: Path
    part: str

    def require(self) -> None:
        if self.part not in roster.read(self.data):
            raise Unable(
                f"no demo runs whose data is in {self.data}, and the drill stops nobody else's "
                f"{self.part}. Start make demo, or name its folder with SIGHTLINE_DATA."
            )

    def inject(self) -> None:
        self._signal(signal.SIGSTOP)

    def heal(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        process_id = roster.read(self.data).get(self.part)
        if process_id is None:
            return  # it has ended, and nothing of it stands still
        try:
            os.killpg(process_id, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise Unable(f"{self.part} (process {process_id}) is another user's") from error

    def record(self) -> dict[str, Any]:
        return {"kind": "halt", "data": str(self.data.resolve()), "part": self.part}


@dataclass(frozen=True)
class Container:
    """A service of the compose stack is stopped."""

    service: str
    project: str = "sightline"  # as docker-compose.yml names it

    def require(self) -> None:
        running = self._compose("ps", "--services", "--status", "running").split()
        if self.service not in running:
            raise Unable(
                f"docker compose runs no {self.service} in the project {self.project}, and the "
                f"drill stops nobody else's. Start it: docker compose up --wait {self.service}"
            )

    def inject(self) -> None:
        self._compose("stop", self.service)

    def heal(self) -> None:
        self._compose("start", self.service)

    def _compose(self, *words: str) -> str:
        docker = shutil.which("docker")
        if docker is None:
            raise Unable(
                f"{self.service} is stopped by docker compose, and docker is not on PATH. "
                "Install it, or leave this drill out."
            )
        command = [docker, "compose", "--project-name", self.project, *words]
        try:
            # A session of its own: Ctrl-C is for the drill, which then heals.
            done = subprocess.run(  # noqa: S603 — our own command
                command,
                capture_output=True,
                text=True,
                check=False,
                timeout=_ENGINE_SECONDS,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired as error:
            raise Unable(f"{self._shown(words)} did not end in {_ENGINE_SECONDS:g} s") from error
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).split())[:300]
            raise Unable(f"{self._shown(words)} failed: {said}")
        return done.stdout

    def _shown(self, words: tuple[str, ...]) -> str:
        return " ".join(["docker compose", "--project-name", self.project, *words])

    def record(self) -> dict[str, Any]:
        return {"kind": "container", "service": self.service, "project": self.project}


@dataclass(frozen=True)
class Nothing:
    """What customers do is the fault; it ends with them."""

    def require(self) -> None: ...

    def inject(self) -> None: ...

    def heal(self) -> None: ...

    def record(self) -> dict[str, Any]:
        return {"kind": "nothing"}


def recorded(record: Mapping[str, Any]) -> Fault:
    """The fault of which only its record is left."""
    match record["kind"]:
        case "switch":
            return Switch(record["orders"], record["name"])
        case "halt":
            return Halt(Path(record["data"]), record["part"])
        case "container":
            return Container(record["service"], record["project"])
        case _:
            return Nothing()


def _asked(url: str, method: str = "GET", body: bytes | None = None) -> Answer:
    headers = {"Content-Type": "application/json"} if body else {}
    try:
        return request(url, timeout=_SECONDS, method=method, headers=headers, body=body)
    except Unreachable as error:
        kind = Gone if isinstance(error, Refused) else Unable
        raise kind(
            f"{error}. Start orders (make demo, make up), or say where it is with --orders."
        ) from error

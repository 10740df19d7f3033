"""The viewer beside a program: found at its address, or started and ended with it."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, Any

APPLICATION = "sightline viewer"
READY_SECONDS = 60.0
ANSWER_SECONDS = 10.0  # of a viewer that is busy too
STOP_SECONDS = 30.0
FIRST_SECONDS = 10.0
TAKEN = "cannot be taken"
_POLL_SECONDS = 0.05
# Our own loopback address: no proxy of the environment stands before it.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NeighbourError(Exception):
    """Why there is no viewer, in one line with the remedy."""


@dataclass(frozen=True)
class Viewer:
    """One that answers, and how to reach it."""

    url: str
    otlp_http_port: int
    otlp_grpc_port: int
    token: str = field(repr=False)
    process_id: int | None = None  # of one that was started here

    def scrape(self, job: str, url: str, *, method: str = "POST") -> None:
        """Have it scrape a target, or with DELETE no longer."""
        body = json.dumps({"job": job, "url": url}).encode()
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        asked = urllib.request.Request(  # noqa: S310 — our own loopback URL
            f"{self.url}/api/targets", body, headers, method=method
        )
        try:
            with _opener.open(asked, timeout=ANSWER_SECONDS):
                return
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(500).decode(errors="replace")
            raise NeighbourError(f"the viewer does not scrape {url}: {said}") from error
        except OSError as error:
            raise NeighbourError(f"the viewer does not answer at {self.url}: {error}") from error


def find(url: str, token: str = "") -> Viewer | None:
    """The viewer that answers there; None where nothing does."""
    try:
        with _opener.open(f"{url}/healthz", timeout=ANSWER_SECONDS) as answer:
            found: Any = json.loads(answer.read(10_000))
        if found["application"] == APPLICATION:
            return Viewer(url, found["otlp_http_port"], found["otlp_grpc_port"], token)
    except urllib.error.HTTPError as error:
        error.close()
    except urllib.error.URLError:
        return None
    except (ValueError, KeyError, TypeError, OSError):
        pass  # it answers, but not as a viewer does
    raise NeighbourError(
        f"what answers at {url} is no Sightline viewer. Choose another: --port 3300"
    )


@contextlib.contextmanager
def started(
    url: str, flags: Sequence[str], *, token: str = "", keep: bool = False
) -> Iterator[Viewer]:
    """A viewer of our own: it ends with us, however we end, unless it is to be kept."""
    with tempfile.TemporaryFile() as output:
        process = _launch(flags, output, keep=keep)
        try:
            yield _when_ready(process, output, url, token)
        finally:
            if not keep:
                _end(process)


def _launch(flags: Sequence[str], output: IO[bytes], *, keep: bool) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "sightline", "view", *flags]
    # A session of its own: the terminal's Ctrl-C is for the program, whose last telemetry must
    # still find the viewer. The pipe's end tells it that we are gone.
    return subprocess.Popen(  # noqa: S603 — our own command
        command if keep else [*command, "--with-parent"],
        stdin=subprocess.DEVNULL if keep else subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _when_ready(
    process: "subprocess.Popen[bytes]", output: IO[bytes], url: str, token: str
) -> Viewer:
    began = time.monotonic()
    deadline = began + READY_SECONDS
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        if found := find(url, token):
            return found if ended else replace(found, process_id=process.pid)
        if ended:
            said = _said(output)
            if TAKEN not in said:
                raise NeighbourError(said or "the viewer ended at once")
            # Another viewer may have been first, and not be ready yet: then it is used.
            deadline = min(deadline, began + FIRST_SECONDS)
        time.sleep(_POLL_SECONDS)
    raise NeighbourError(_said(output) or f"the viewer did not answer at {url} in time")


def _said(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode(errors="replace").strip().removeprefix("sightline view: ")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()

"""A program named docker whose `compose stop` and `start` reach the servers of these tests."""

import os
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from process import Process

PROGRAM = """#!{python}
import sys, urllib.error, urllib.request
words = "\\n".join(sys.argv[1:]).encode()
try:
    with urllib.request.urlopen("http://127.0.0.1:{port}/", words) as told:
        sys.stdout.write(told.read().decode())
except urllib.error.HTTPError as refusal:
    sys.exit(refusal.read().decode())
"""


class ComposeStandIn:
    """What a drill asks of `docker compose`, done to processes as compose does it to containers."""

    def __init__(self, folder: Path, processes: Mapping[str, Process]) -> None:
        self._processes = processes
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._folder = folder / "bin"
        self._folder.mkdir()
        program = self._folder / "docker"
        port = self._server.server_port
        program.write_text(PROGRAM.format(python=sys.executable, port=port))
        program.chmod(0o755)

    @property
    def path(self) -> str:
        """For PATH: this docker before any other."""
        return f"{self._folder}{os.pathsep}{os.environ['PATH']}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, words: list[str]) -> str:
        assert words[:3] == ["compose", "--project-name", "sightline"], words
        match words[3:]:
            case ["ps", "--services", "--status", "running"]:
                return "\n".join(name for name, one in self._processes.items() if one.alive)
            case ["stop", name]:
                self._processes[name].stop()
            case ["start", name]:
                if not self._processes[name].alive:
                    self._processes[name].start()
            case unknown:
                raise AssertionError(f"no drill asks this of compose: {unknown}")
        return ""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                words = self.rfile.read(int(self.headers["Content-Length"])).decode().split("\n")
                try:
                    status, told = 200, stand_in.answer(words)
                except (AssertionError, KeyError) as error:
                    status, told = 500, repr(error)
                body = told.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """What is asked of it is no news."""

        return Handler

"""What a person sees of `sightline view` on a terminal, and what a log has of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

from loopback import free_ports
from viewer_process import command

IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
TOKEN = "token-token-token-42"


def ports() -> list[str]:
    names = ("--port", "--otlp-http-port", "--otlp-grpc-port")
    return [
        part for name, port in zip(names, free_ports(3), strict=True) for part in (name, str(port))
    ]


def test_on_a_terminal_it_says_what_it_does_and_then_where_it_is(tmp_path: Path) -> None:
    view = command(*ports(), "--data", str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, *view],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "SIGHTLINE_TOKEN": TOKEN},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        seen = b""
        while b"data: " not in seen:
            seen += process.stdout.read1(1_000) or b"data: none, for it ended"
        process.stdin.write(b"\x03")
        process.stdin.flush()
        process.stdout.read()
        assert process.wait(30) == 0
    before, _, after = seen.decode().partition("Sightline: http")
    assert before.index("loading") < before.index(f"opening {tmp_path}")
    # The line of progress is wiped before what stays is written.
    assert before.endswith("\r\x1b[2K")
    assert f"/?token={TOKEN}" in after
    assert re.search(r"ready in \d+\.\d s", after)


def test_where_no_person_looks_there_is_no_line_of_progress(tmp_path: Path) -> None:
    with subprocess.Popen(
        command(*ports(), "--data", str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("Sightline: http://127.0.0.1:")
        process.terminate()
        assert process.wait(30) == 0
        assert process.stderr.read() == ""

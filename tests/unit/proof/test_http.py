"""Whatever answers, or does not: one sentence that names the address."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sightline.proof.http import Unreachable, request


@contextmanager
def answering(text: bytes) -> Iterator[str]:
    """The address of a server that says `text` to whatever it is asked, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(text)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(timeout=10)


@pytest.mark.parametrize(
    "text",
    [b"\x00\x00\x18\x04\x00\x00\x00", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["gRPC", "nothing", "half an answer"],
)
def test_what_is_no_answer_of_http_is_unreachable_by_name(text: bytes) -> None:
    with answering(text) as url, pytest.raises(Unreachable, match=f"{url} does not answer: ."):
        request(url, timeout=10)

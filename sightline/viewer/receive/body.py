"""A request's body, bounded while it streams: before and after decompression."""

import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Self

from sightline.viewer.receive.problems import Busy, Malformed, TooLarge, Unsupported

MAX_COMPRESSED = 16 * 1024 * 1024
MAX_INFLATED = 64 * 1024 * 1024
MAX_HELD = 128 * 1024 * 1024
_WINDOW_BITS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
_STEP = 1024 * 1024


async def read_body(chunks: AsyncIterator[bytes], encoding: str, held: "Held") -> bytes:
    """The body as it was before compression; raises `Refused` as soon as it is too large."""
    inflate = _inflater(encoding)
    received, parts = 0, []
    async for chunk in chunks:
        received += len(chunk)
        if received > MAX_COMPRESSED:
            raise TooLarge(
                f"the request is larger than {MAX_COMPRESSED >> 20} MiB; send smaller batches"
            )
        for part in [chunk] if inflate is None else inflate.feed(chunk):
            held.add(len(part))
            parts.append(part)
    if inflate is not None:
        inflate.finish()
    return parts[0] if len(parts) == 1 else b"".join(parts)


class Held:
    """Bytes of bodies that are being read, of all requests together; leaves with its request."""

    _total = 0

    def __init__(self) -> None:
        self._own = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        Held._total -= self._own

    def add(self, size: int) -> None:
        if self._own and Held._total + size > MAX_HELD:
            raise Busy("the viewer is busy receiving; send this again in a second")
        self._own += size
        Held._total += size


def _inflater(encoding: str) -> "_Inflate | None":
    if encoding in {"", "identity"}:
        return None
    if encoding not in _WINDOW_BITS:
        raise Unsupported(f"content-encoding {encoding!r} is not known; send gzip or none")
    return _Inflate(encoding)


class _Inflate:
    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._total = 0
        self._stream = zlib.decompressobj(_WINDOW_BITS[encoding])

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """In steps, so that no more than one beyond the limit is ever inflated."""
        while chunk:
            part = self._step(chunk)
            self._total += len(part)
            if self._total > MAX_INFLATED:
                raise TooLarge(
                    f"the request inflates to more than {MAX_INFLATED >> 20} MiB;"
                    " send smaller batches"
                )
            yield part
            if self._stream.eof:
                # gzip allows one member after another.
                chunk = self._stream.unused_data
                if chunk:
                    self._stream = zlib.decompressobj(_WINDOW_BITS[self._encoding])
            else:
                chunk = self._stream.unconsumed_tail

    def finish(self) -> None:
        if not self._stream.eof:
            raise Malformed(f"the {self._encoding} body ends too early; it was cut on the way")

    def _step(self, chunk: bytes) -> bytes:
        try:
            return self._stream.decompress(chunk, _STEP)
        except zlib.error as error:
            raise Malformed(f"the body is not {self._encoding}: {error}") from error

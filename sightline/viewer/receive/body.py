"""A request's body, bounded while it streams: before and after decompression."""

import zlib
from collections.abc import AsyncIterator

from sightline.viewer.receive.problems import Malformed, TooLarge, Unsupported

MAX_COMPRESSED = 16 * 1024 * 1024
MAX_INFLATED = 64 * 1024 * 1024
_WINDOW_BITS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
_STEP = 1024 * 1024


async def read_body(
    chunks: AsyncIterator[bytes],
    encoding: str,
    *,
    max_compressed: int = MAX_COMPRESSED,
    max_inflated: int = MAX_INFLATED,
) -> bytes:
    """The body as sent before compression; raises `Refused` as soon as it is too large."""
    if encoding in {"", "identity"}:
        inflate = None
    elif encoding in _WINDOW_BITS:
        inflate = _Inflate(encoding, max_inflated)
    else:
        raise Unsupported(f"content-encoding {encoding!r} is not known; send gzip or none")
    received, parts = 0, []
    async for chunk in chunks:
        received += len(chunk)
        if received > max_compressed:
            raise TooLarge(
                f"the request is larger than {max_compressed >> 20} MiB; send smaller batches"
            )
        parts.append(chunk if inflate is None else inflate.feed(chunk))
    if inflate is not None:
        inflate.finish()
    return parts[0] if len(parts) == 1 else b"".join(parts)


class _Inflate:
    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding
        self._limit = limit
        self._total = 0
        self._stream = zlib.decompressobj(_WINDOW_BITS[encoding])

    def feed(self, chunk: bytes) -> bytes:
        parts = []
        while chunk:
            # No more than a step beyond the limit is ever inflated.
            part = self._step(chunk)
            self._total += len(part)
            if self._total > self._limit:
                raise TooLarge(
                    f"the request inflates to more than {self._limit >> 20} MiB;"
                    " send smaller batches"
                )
            parts.append(part)
            if self._stream.eof:
                # gzip allows one member after another.
                chunk = self._stream.unused_data
                if chunk:
                    self._stream = zlib.decompressobj(_WINDOW_BITS[self._encoding])
            else:
                chunk = self._stream.unconsumed_tail
        return b"".join(parts)

    def finish(self) -> None:
        if not self._stream.eof:
            raise Malformed(f"the {self._encoding} body ends too early; it was cut on the way")

    def _step(self, chunk: bytes) -> bytes:
        try:
            return self._stream.decompress(chunk, _STEP)
        except zlib.error as error:
            raise Malformed(f"the body is not {self._encoding}: {error}") from error

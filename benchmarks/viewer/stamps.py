"""Requests encoded once and stamped anew, so that sending them costs the sender little.

A request is serialized with markers where ids, times, numbers and digits belong. `stamped` copies
the bytes and writes over the markers: no two requests are the same, none is encoded twice.
"""

import re
import struct

import numpy as np
from google.protobuf.message import Message
from numpy.typing import NDArray

_MARKERS = re.compile(rb"(\x11trace-\d\d|[\x12-\x16])(\d{7})")
_TRACE, _SPAN, _TIME, _DIGITS, _DOUBLE, _INT = (
    b"\x11trace-00",
    b"\x12",
    b"\x13",
    b"\x14",
    b"\x15",
    b"\x16",
)
_SECOND = 1_000_000_000


class Markers:
    """What stands in for a value until a request is stamped."""

    def __init__(self) -> None:
        self.offsets_ns: list[int] = []
        self.slopes: list[float] = []

    @staticmethod
    def trace_id(number: int) -> bytes:
        return _TRACE + b"%07d" % number

    @staticmethod
    def span_id(number: int) -> bytes:
        return _SPAN + b"%07d" % number

    @staticmethod
    def digits(number: int) -> str:
        """Eight digits, the same wherever the same number stands in one request."""
        return (_DIGITS + b"%07d" % number).decode()

    def time(self, offset_ns: int) -> int:
        """So long after the request's own time."""
        self.offsets_ns.append(offset_ns)
        return int.from_bytes(_TIME + b"%07d" % (len(self.offsets_ns) - 1), "little")

    def rising(self, per_second: float) -> float:
        """A counter's value, as a double."""
        self.slopes.append(per_second)
        return float(struct.unpack("<d", _DOUBLE + b"%07d" % (len(self.slopes) - 1))[0])

    def rising_int(self, per_second: float) -> int:
        """The same as a whole number of 64 bits."""
        self.slopes.append(per_second)
        return int.from_bytes(_INT + b"%07d" % (len(self.slopes) - 1), "little")


class Template:
    """One request, to be stamped as often as it is sent."""

    def __init__(self, message: Message, markers: Markers, items: int) -> None:
        raw = message.SerializeToString()
        self.items = items
        self._bytes = np.frombuffer(raw, dtype=np.uint8)
        self._offsets_ns = np.array(markers.offsets_ns, dtype=np.int64)
        self._slopes = np.array(markers.slopes, dtype=np.float64)
        self._random = np.random.default_rng()
        places: dict[bytes, list[tuple[int, int]]] = {}
        for found in _MARKERS.finditer(raw):
            places.setdefault(found[1], []).append((found.start(), int(found[2])))
        self._places = {
            kind: (np.array([at for at, _ in found]), np.array([number for _, number in found]))
            for kind, found in places.items()
        }

    def stamped(self, now_ns: int, began_ns: int) -> bytes:
        """With ids of its own, at that time; counters have risen since `began_ns`."""
        made = self._bytes.copy()
        risen = self._slopes * ((now_ns - began_ns) / _SECOND)
        for kind, (at, number) in self._places.items():
            values = self._values(kind, int(number.max()) + 1, now_ns, risen)[number]
            made[at[:, None] + np.arange(values.shape[1])] = values
        return made.tobytes()

    def _values(
        self, kind: bytes, count: int, now_ns: int, risen: NDArray[np.float64]
    ) -> NDArray[np.uint8]:
        if kind == _TIME:
            return _as_bytes(self._offsets_ns + now_ns)
        if kind == _DOUBLE:
            return _as_bytes(risen)
        if kind == _INT:
            return _as_bytes(risen.astype(np.int64))
        if kind == _DIGITS:
            return self._random.integers(ord("0"), ord("9") + 1, (count, 8), dtype=np.uint8)
        return self._random.integers(1, 256, (count, 16 if kind == _TRACE else 8), dtype=np.uint8)


def _as_bytes(values: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.uint8]:
    return values.astype(values.dtype.newbyteorder("<")).view(np.uint8).reshape(-1, 8)

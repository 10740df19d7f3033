"""Requests that were taken already: a sender that missed our answer sends the same bytes again."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple, Self

from sightline.viewer.receive.problems import Busy, Refused
from sightline.viewer.store.retention import REPEATS_SECONDS

_REMEMBERED = 16_384

Items = tuple[tuple[str, int], ...]  # how many of each service


class _Taken(NamedTuple):
    at: float
    items: Items


class Repeats:
    """Requests of the last minutes by digest; what becomes of the first is the answer to all."""

    def __init__(self, stored: Iterable[tuple[str, float]] = ()) -> None:
        self._known: OrderedDict[str, Taking | _Taken] = OrderedDict(
            (digest, _Taken(at, ())) for digest, at in stored
        )

    def __contains__(self, digest: str) -> bool:
        known = self._known.get(digest)
        return isinstance(known, Taking) or (known is not None and not _is_old(known))

    async def answered(self, digest: str) -> Items | None:
        """What the first of the kind brought, when it is taken; raise if it is refused. None if
        this one is no repetition, as turns out when the first is decoded."""
        known = self._known[digest]
        if isinstance(known, _Taken):
            return known.items
        await known.done.wait()
        if known.forgotten:
            return None
        if known.refusal is not None:
            raise known.refusal
        return known.items

    def taking(self, digest: str) -> "Taking":
        """To be entered while a request is taken for the first time."""
        return Taking(self._known, digest)


class Taking:
    """One request under way; remembered as taken unless it fails, or is to be forgotten."""

    def __init__(self, known: "OrderedDict[str, Taking | _Taken]", digest: str) -> None:
        self.done = asyncio.Event()
        self.forgotten = False
        self.refusal: Refused | None = None
        self.items: Items = ()
        self._known = known
        self.digest = digest

    def forget(self) -> None:
        """The same bytes will be another request."""
        if self._known.get(self.digest) is self:
            del self._known[self.digest]
        self.forgotten = True
        self.done.set()

    def __enter__(self) -> Self:
        self._known.pop(self.digest, None)
        self._known[self.digest] = self
        while len(self._known) > _REMEMBERED or _is_old(next(iter(self._known.values()))):
            self._known.popitem(last=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Another of the same bytes may be under way by now, if this one was to be forgotten.
        if self._known.get(self.digest) is self:
            if error is None:
                self._known[self.digest] = _Taken(time.time(), self.items)
            else:
                del self._known[self.digest]
        if error is not None:
            self.refusal = error if isinstance(error, Refused) else Busy("send this again")
        self.done.set()


def digest_of(signal: str, raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=16, salt=signal.encode()).hexdigest()


def _is_old(known: Taking | _Taken) -> bool:
    return isinstance(known, _Taken) and known.at < time.time() - REPEATS_SECONDS

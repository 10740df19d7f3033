"""Requests that were taken already: a sender that missed our answer sends the same bytes again."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from sightline.viewer.receive.problems import Busy, Refused

_REMEMBERED = 16_384


class Repeats:
    """The last requests by their digest; what becomes of the first is the answer to all."""

    def __init__(self, stored: Iterable[str] = ()) -> None:
        self._known: OrderedDict[str, Taking | None] = OrderedDict.fromkeys(stored)

    def __contains__(self, digest: str) -> bool:
        return digest in self._known

    async def answered(self, digest: str) -> None:
        """Return when the first of the kind is taken; raise if it is refused."""
        taking = self._known[digest]
        if taking is not None:
            await taking.done.wait()
            if taking.refusal is not None:
                raise taking.refusal

    def taking(self, digest: str) -> "Taking":
        """To be entered while a request is taken for the first time."""
        return Taking(self._known, digest)


class Taking:
    """One request under way; remembered as taken unless it fails."""

    def __init__(self, known: "OrderedDict[str, Taking | None]", digest: str) -> None:
        self.done = asyncio.Event()
        self.refusal: Refused | None = None
        self._known = known
        self._digest = digest

    def __enter__(self) -> Self:
        self._known[self._digest] = self
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            if self._digest in self._known:
                self._known[self._digest] = None
        else:
            self._known.pop(self._digest, None)
            self.refusal = error if isinstance(error, Refused) else Busy("send this again")
        self.done.set()


def digest_of(signal: str, raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=16, salt=signal.encode()).hexdigest()

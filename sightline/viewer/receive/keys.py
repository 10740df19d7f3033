"""Who may send: one of two keys, compared in a time that tells nothing."""

import hmac
from collections.abc import Iterable, Mapping

from sightline.viewer.receive.problems import Unauthenticated

HEADER = "x-otlp-api-key"
_BEARER = "bearer "


class Keys:
    """Two at most, so that senders can change from one to the other; none lets everybody send."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = [key.encode() for key in keys]

    def require(self, headers: Mapping[str, str]) -> None:
        """Raise `Unauthenticated` unless the headers, their names in lower case, show a key."""
        if not self._keys:
            return
        shown = headers.get(HEADER, "")
        given = headers.get("authorization", "")
        if not shown and given[: len(_BEARER)].lower() == _BEARER:
            shown = given[len(_BEARER) :].strip()
        offered = shown.encode("latin-1", "replace")
        # All are compared, whichever fits.
        if not sum(hmac.compare_digest(key, offered) for key in self._keys):
            wrong = "the key is not this viewer's" if shown else "this viewer asks for a key"
            raise Unauthenticated(f"{wrong}: set OTEL_EXPORTER_OTLP_HEADERS={HEADER}=KEY")

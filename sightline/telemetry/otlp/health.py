"""Says once that an endpoint is away, and once that it is back."""

import threading
from collections.abc import Callable

Say = Callable[[int, str, dict[str, object]], None]

_INFO, _WARNING = 20, 30


class EndpointHealth:
    def __init__(self, endpoint: str, say: Say) -> None:
        self._endpoint = endpoint
        self._say = say
        self._lock = threading.Lock()
        self._away = False
        self._warned: set[str] = set()
        self._dropped = 0

    @property
    def away(self) -> bool:
        return self._away

    def down(self, reason: str) -> None:
        with self._lock:
            if self._away:
                return
            self._away = True
        remedy = "serving goes on; records wait in a bounded queue until it is back"
        fields: dict[str, object] = {"endpoint": self._endpoint, "reason": reason, "remedy": remedy}
        self._say(_WARNING, "telemetry.endpoint_away", fields)

    def up(self, waiting: int) -> None:
        if not self._away and not self._dropped:
            return
        with self._lock:
            was_away, dropped = self._away, self._dropped
            if not was_away and waiting:
                return  # a queue that overflowed while the endpoint answers: said when it is empty
            self._away, self._dropped = False, 0
            self._warned.clear()
        self._say(
            _INFO, "telemetry.endpoint_back", {"endpoint": self._endpoint, "dropped": dropped}
        )

    def dropped(self, signal: str) -> None:
        self._dropped += 1
        if not self._away:
            self._warn_once(f"full:{signal}", "telemetry.queue_full", {"signal": signal})

    def refused(self, signal: str, records: int, reason: str) -> None:
        fields: dict[str, object] = {"signal": signal, "records": records, "reason": reason}
        self._warn_once(f"refused:{signal}:{reason}", "telemetry.refused", fields)

    def _warn_once(self, key: str, event: str, fields: dict[str, object]) -> None:
        with self._lock:
            if key in self._warned:
                return
            self._warned.add(key)
        self._say(_WARNING, event, {"endpoint": self._endpoint, **fields})

"""Durations as Prometheus writes them: 1h30m, 90s, 250ms."""

import re

UNITS = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_DURATION = re.compile("".join(rf"(?:(\d+){unit})?" for unit in UNITS))


def duration_ms(text: str) -> int | None:
    """Milliseconds, or None where the text is no duration; a bare 0 is one."""
    found = _DURATION.fullmatch(text)
    if text == "0" or not text or found is None:
        return 0 if text == "0" else None
    counts = zip(found.groups(), UNITS.values(), strict=True)
    return sum(int(count or 0) * unit for count, unit in counts)

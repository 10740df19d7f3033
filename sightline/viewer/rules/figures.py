"""Numbers in alerts, digit for digit as Prometheus' templates write them."""

import math

_LARGE = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALL = ("m", "u", "n", "p", "f", "a", "z", "y")
_BINARY = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
# Where Go's shortest form turns to an exponent.
_LEAST_EXPONENT, _MOST_EXPONENT = -4, 6
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def odd(value: float) -> str:
    """Infinities and no number, which Go and Python write differently; "" for all others."""
    if math.isnan(value):
        return "NaN"
    return ("+Inf" if value > 0 else "-Inf") if math.isinf(value) else ""


def plain(value: float) -> str:
    """Go's %v: as many digits as tell the value apart, an exponent where it is large or small."""
    if text := odd(value):
        return text
    sign, digits, exponent = _taken_apart(value)
    if value and not _LEAST_EXPONENT <= exponent < _MOST_EXPONENT:
        return scientific(value)
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole, rest = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return sign + whole + (f".{rest}" if rest else "")


def scientific(value: float) -> str:
    """Go's %e with as many digits as tell the value apart: 1e+00."""
    if text := odd(value):
        return text
    sign, digits, exponent = _taken_apart(value)
    rest = f".{digits[1:]}" if digits[1:] else ""
    return f"{sign}{digits[0]}{rest}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _taken_apart(value: float) -> tuple[str, str, int]:
    """The sign, the shortest digits and the exponent of the first of them."""
    mantissa, _, power = repr(value).lstrip("-").partition("e")
    whole, _, rest = mantissa.partition(".")
    digits = whole + rest
    leading = len(digits) - len(digits.lstrip("0"))
    exponent = len(whole) - 1 - leading + int(power or 0)
    sign = "-" if math.copysign(1, value) < 0 else ""
    kept = digits.strip("0")
    return (sign, kept, exponent) if kept else (sign, "0", 0)


def _four_digits(value: float) -> str:
    return odd(value) or f"{value:.4g}"


def humanize(value: float) -> str:
    if value == 0 or odd(value):
        return _four_digits(value)
    return _scaled_up(value, 1_000, _LARGE) if abs(value) >= 1 else _scaled_down(value)


def humanize1024(value: float) -> str:
    if abs(value) <= 1 or odd(value):
        return _four_digits(value)
    return _scaled_up(value, 1_024, _BINARY)


def humanize_percentage(value: float) -> str:
    return f"{_four_digits(value * 100)}%"


def humanize_duration(value: float) -> str:
    if odd(value):
        return _four_digits(value)
    if value == 0 or abs(value) < 1:
        return f"{_scaled_down(value) if value else '0'}s"
    sign, size = "-" if value < 0 else "", abs(value)
    whole = int(size)
    days, hours = whole // _DAY, whole // _HOUR % 24
    minutes, seconds = whole // _MINUTE % 60, whole % 60
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    return f"{sign}{minutes}m {seconds}s" if minutes else f"{sign}{size:.4g}s"


def _scaled_up(value: float, factor: int, prefixes: tuple[str, ...]) -> str:
    prefix = ""
    for each in prefixes:
        if abs(value) < factor:
            break
        prefix, value = each, value / factor
    return f"{value:.4g}{prefix}"


def _scaled_down(value: float) -> str:
    prefix = ""
    for each in _SMALL:
        if abs(value) >= 1:
            break
        prefix, value = each, value * 1_000
    return f"{value:.4g}{prefix}"

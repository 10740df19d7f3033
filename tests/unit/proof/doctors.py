"""A patient at addresses of the test's own."""

from collections.abc import Callable
from pathlib import Path

from sightline.proof.addresses import Addresses, Mode
from sightline.proof.doctor.patient import Options, Patient
from sightline.proof.doctor.remedies import Remedies

# As the fixture `serve` gives it: pages by path, each a status and a body; the address comes back.
Serve = Callable[[dict[str, tuple[int, str]]], str]
NOBODY = "http://127.0.0.1:1"


def patient(
    at: str = NOBODY,
    mode: Mode = Mode.STACK,
    *,
    foreign: bool = False,
    data: Path = Path(".sightline"),
    options: Options | None = None,
) -> Patient:
    options = options or Options(wait=0.1)
    places = Addresses(mode, at, at, at, at, at, at, at, at)
    made = Patient(places, options, Remedies(mode, foreign, data, options.url))
    made.sent_at = 1.0  # long ago: nothing is waited for beyond the least
    return made

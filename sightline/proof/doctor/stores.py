"""The stores themselves: each answers, and its clock and the service's are this machine's."""

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from sightline.proof.doctor.findings import Broken, Hop, Unchecked
from sightline.proof.doctor.patient import Patient
from sightline.proof.http import Unreachable

OK, UNAVAILABLE, NOT_FOUND, DENIED = 200, 503, 404, {401, 403}
# Links look five minutes to either side; far less than that already puts lines out of order.
MOST_SECONDS_APART = 5.0


@dataclass(frozen=True)
class Store:
    part: str  # as in compose
    title: str
    flag: str
    ready: str
    query: str  # for those that have no such page, the viewer among them


PROMETHEUS = Store("prometheus", "Prometheus", "prometheus", "/-/ready", "/api/v1/query?query=1")
LOKI = Store("loki", "Loki", "loki", "/ready", "/loki/api/v1/labels")
TEMPO = Store("tempo", "Tempo", "tempo", "/ready", "/api/search/tags")
JAEGER = Store("jaeger", "Jaeger", "jaeger", "/", "/api/services")


def metrics_store(patient: Patient) -> str:
    return _ready(patient, PROMETHEUS, patient.places.prometheus)


def log_store(patient: Patient) -> str:
    return _ready(patient, LOKI, patient.places.loki)


def trace_store(patient: Patient) -> str:
    if patient.jaeger:
        return _ready(patient, JAEGER, patient.jaeger)
    return _ready(patient, TEMPO, patient.places.tempo)


def _ready(patient: Patient, store: Store, address: str) -> str:
    path = store.query if patient.viewer else store.ready
    try:
        answer = patient.get(address + path)
        if answer.status == NOT_FOUND:
            path = store.query
            answer = patient.get(address + path)
    except Unreachable as error:
        raise _away(patient, store, address + path, str(error)) from error
    if answer.status == OK:
        return f"{address}{path} answers 200"
    found = f"{address}{path} answers {answer.summary}"
    if answer.status == UNAVAILABLE:
        raise Broken(
            expected=f"{address}{path} answers 200",
            found=found,
            cause=f"{_title(patient, store)} is starting (its first quarter of a minute), or its "
            "disk is full",
            remedy=patient.remedies.look(patient.or_viewer(store.part)),
        )
    if answer.status in DENIED:
        raise _closed(patient, store, f"{address}{path} answers 200", found)
    raise Broken(
        expected=f"{address}{path} answers 200",
        found=found,
        cause=f"something else than {store.title} is there",
        remedy=patient.remedies.start(patient.or_viewer(store.part)),
    )


def _closed(patient: Patient, store: Store, expected: str, found: str) -> Broken:
    if not patient.viewer:
        cause = f"{_title(patient, store)} lets in only who shows a token or password"
        remedy = "ask from inside, where it is open, or at an address that is"
    elif patient.places.token:
        cause = "SIGHTLINE_TOKEN, which doctor showed, is not this viewer's token"
        remedy = "SIGHTLINE_TOKEN=TOKEN sightline doctor   (with the token of this viewer)"
    else:
        cause = "the viewer lets in only who shows its token, and doctor was told none"
        remedy = "SIGHTLINE_TOKEN=TOKEN sightline doctor"
    return Broken(expected=expected, found=found, cause=cause, remedy=remedy)


def _away(patient: Patient, store: Store, url: str, found: str) -> Exception:
    named = patient.options.named
    if patient.remedies.foreign and store.flag not in named and "viewer" not in named:
        return Unchecked(f"nobody at {url}; name it with --{store.flag}")
    hangs = "within" in found
    return Broken(
        expected=f"{url} answers 200",
        found=found,
        cause=f"{_title(patient, store)} hangs"
        if hangs
        else f"{_title(patient, store)} is not running",
        remedy=patient.remedies.restart(patient.or_viewer(store.part))
        if hangs
        else patient.remedies.start(patient.or_viewer(store.part)),
    )


def _title(patient: Patient, store: Store) -> str:
    return "the viewer" if patient.viewer else store.title


def clocks(patient: Patient) -> str:
    """By what each says of the time in its answers."""
    places = patient.places
    asked = {patient.part: f"{patient.base}/metrics"}
    if patient.viewer:
        asked["viewer"] = f"{places.page}/healthz"
    else:
        asked["prometheus"] = places.prometheus + PROMETHEUS.ready
        asked["loki"] = places.loki + LOKI.ready
        asked["tempo"] = patient.jaeger or places.tempo + TEMPO.ready
    apart = {
        part: seconds
        for part, url in asked.items()
        if (seconds := _apart(patient, url)) is not None
    }
    if not apart:
        raise Unchecked("nobody says the time in its answers (header Date)")
    worst = max(apart, key=lambda part: abs(apart[part]))
    if abs(apart[worst]) > MOST_SECONDS_APART:
        way = "behind" if apart[worst] < 0 else "ahead"
        raise Broken(
            expected=f"clocks within {MOST_SECONDS_APART:g} s of this machine's",
            found=f"{worst} is {abs(apart[worst]):.0f} s {way}",
            cause=f"the clock of the machine that {worst} runs on is not kept in time",
            remedy="timedatectl set-ntp true   (on that machine)",
        )
    return f"{', '.join(apart)} within {max(1.0, *map(abs, apart.values())):.0f} s of this machine"


def _apart(patient: Patient, url: str) -> float | None:
    """Seconds ahead of this machine; a header has whole ones."""
    began = time.time()
    try:
        said = patient.get(url).headers.get("date")
        date = parsedate_to_datetime(said) if said else None
    except (Unreachable, ValueError):
        return None
    if date is None:
        return None
    return date.timestamp() + 0.5 - (began + time.time()) / 2


HOPS = (
    Hop("metrics store", "Does Prometheus answer?", metrics_store),
    Hop("log store", "Does Loki answer?", log_store),
    Hop("trace store", "Does Tempo (or Jaeger) answer?", trace_store),
    Hop("clocks", "Do the clocks of services and stores agree?", clocks),
)

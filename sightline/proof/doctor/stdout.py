"""The service's own line on stdout, where stdout is kept: the demo's folder, or Docker's log."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from sightline.proof.addresses import Mode
from sightline.proof.doctor.findings import Broken, Hop, Unchecked
from sightline.proof.doctor.patient import Patient

_WRITTEN_SECONDS = 3.0
_DOCKER_SECONDS = 10.0
# A log of an earlier run ends before the process that is asked now began.
_CLOCK_SLACK = 5.0
_TAIL_BYTES = 4 * 1024 * 1024


def logged(patient: Patient) -> str:
    where, read = _source(patient)
    text = patient.until(read, lambda text: patient.mark.trace_id in text, _WRITTEN_SECONDS)
    for line in text.splitlines():
        if patient.mark.trace_id in line:
            return _judged(patient, line, where)
    raise Broken(
        expected=f"a JSON line with trace_id {patient.mark.trace_id} in {where}",
        found=_what_else(text),
        cause="LOG_LEVEL hides the access line, or the app's logging was set up anew after "
        "instrument(app)",
        remedy=patient.remedies.with_setting("LOG_LEVEL=INFO", patient.part),
    )


def _judged(patient: Patient, line: str, where: str) -> str:
    try:
        fields = json.loads(line)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise Broken(
            expected=f"JSON lines in {where}",
            found=f"{line[:120]}",
            cause="LOG_FORMAT=console is for people; collectors want JSON",
            remedy=patient.remedies.with_setting("LOG_FORMAT=json", patient.part),
        )
    wanted = {"trace_id": patient.mark.trace_id, "request_id": patient.mark.request_id}
    wrong = [key for key, value in wanted.items() if fields.get(key) != value]
    if wrong and not patient.options.pushes:
        raise Broken(
            expected=f"the line carries {', '.join(wanted)}",
            found=f"wrong or absent: {', '.join(wrong)}",
            cause="the line is written outside of the request's context",
            remedy=patient.remedies.look(patient.part),
        )
    return f"{where}: event {fields.get('event', '?')}, with trace_id, span_id and request_id"


def _what_else(text: str) -> str:
    lines = text.splitlines()
    return f"{len(lines)} other lines, the last: {lines[-1][:120]}" if lines else "no line at all"


def _source(patient: Patient) -> tuple[str, Callable[[], str]]:
    given = patient.options.stdout
    if given is not None:
        return str(given), lambda: _tail(given)
    if patient.own:
        raise Unchecked("where your app's stdout goes is not known; name the file with --stdout")
    if patient.places.mode is Mode.STACK and not patient.remedies.foreign:
        return _of_compose(patient)
    path = patient.remedies.data / "logs" / f"{patient.part}.log"
    if patient.viewer and _is_of_this_run(patient, path):
        return str(path), lambda: _tail(path)
    raise Unchecked("stdout is not kept where doctor could look; name the file with --stdout")


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError as error:
        raise Unchecked(f"{path} cannot be read: {error.strerror}") from error


def _is_of_this_run(patient: Patient, path: Path) -> bool:
    began = patient.page.total("process_start_time_seconds")
    return path.is_file() and path.stat().st_mtime > began - _CLOCK_SLACK


def _of_compose(patient: Patient) -> tuple[str, Callable[[], str]]:
    docker = shutil.which("docker")
    if docker is None:
        raise Unchecked("there is no docker command here; name a file with --stdout")
    argv = [docker, "compose", "logs", "--no-log-prefix", "--since", "2m", patient.part]

    def read() -> str:
        try:
            done = subprocess.run(  # noqa: S603 — our own command line
                argv, capture_output=True, text=True, timeout=_DOCKER_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise Unchecked(f"docker compose logs gave nothing within {error.timeout} s") from error
        if done.returncode != 0:
            raise Unchecked(f"docker compose logs: {done.stderr.strip()[:200]}")
        return done.stdout

    if not read():
        raise Unchecked(f"docker compose knows no log of {patient.part} here")
    return f"docker compose logs {patient.part}", read


HOPS = (Hop("line on stdout", "Does the service log it, as JSON with the ids?", logged),)

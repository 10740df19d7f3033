"""`sightline drill`: its arguments, one drill after the other, and its exit code."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from sightline.proof import addresses
from sightline.proof.addresses import AddressError, Addresses, Mode
from sightline.proof.drill import report
from sightline.proof.drill.faults import recorded
from sightline.proof.drill.journal import Journal, opened
from sightline.proof.drill.report import Outcome, State
from sightline.proof.drill.scene import Scene, Stopped, Unable
from sightline.proof.drill.stage import NotHealed, NotShown, Stage, Step, heal
from sightline.proof.drill.story import Drill, Elsewhere
from sightline.proof.drill.table import drills
from sightline.proof.http import Unreachable
from sightline.proof.stores import StoreError

_ALL = "all"
_STATES = {
    NotShown: State.NOT_SHOWN,
    Unable: State.NOT_PLAYED,
    StoreError: State.NOT_PLAYED,
    Unreachable: State.NOT_PLAYED,
    Stopped: State.INTERRUPTED,
    NotHealed: State.NOT_HEALED,
}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fault", nargs="?", metavar="FAULT", help="the drill; without one: --list")
    parser.add_argument("--list", action="store_true", help="the drills that there are")
    parser.add_argument("--all", action="store_true", help="every drill, one after the other")
    parser.add_argument("--json", action="store_true", help="for machines")
    addresses.add_arguments(parser)


def run(arguments: argparse.Namespace, env: Mapping[str, str]) -> int:
    """The exit code: 0 all shown, 1 not all, 2 where none could be played, 128 + a signal's."""
    try:
        if arguments.list or not (arguments.fault or arguments.all):
            places = addresses.locate(arguments, env)
            told = report.catalogue if arguments.json else report.listing
            _say(told(_known(places), places.mode))
            return 0
        _require_name(arguments)
        data = Path(env.get("SIGHTLINE_DATA") or ".sightline")
        with opened(data) as journal:
            # First of all: what was left may be a viewer that stands still.
            _heal_what_was_left(journal, as_json=arguments.json)
            places = addresses.locate(arguments, env)
            places.require()
            scene = Scene(places, data, env.get("GRAFANA_TOKEN", ""), dict(env))
            return _play_all(_wanted(places, arguments), scene, journal, as_json=arguments.json)
    except (AddressError, Unable) as error:
        _complain(str(error))
        return 2
    except KeyboardInterrupt:  # before the first drill: nothing is in
        return 130


def _known(places: Addresses) -> list[Drill | Elsewhere]:
    return drills(viewer=places.mode is Mode.VIEWER)


def _require_name(arguments: argparse.Namespace) -> None:
    names = [drill.story.name for drill in drills(viewer=True)]  # the same in both modes
    if arguments.all:
        return
    if arguments.fault not in {*names, _ALL}:
        raise Unable(
            f"there is no drill {arguments.fault!r}. There are {', '.join(names)}, and all."
        )


def _wanted(places: Addresses, arguments: argparse.Namespace) -> list[Drill | Elsewhere]:
    every = arguments.all or arguments.fault == _ALL
    return [drill for drill in _known(places) if every or drill.story.name == arguments.fault]


def _play_all(
    wanted: list[Drill | Elsewhere], scene: Scene, journal: Journal, *, as_json: bool
) -> int:
    outcomes: list[Outcome] = []
    with _signals(scene) as got:
        for drill in wanted:
            outcomes.append(_play(drill, scene, journal, as_json=as_json))
            if outcomes[-1].state in {State.INTERRUPTED, State.NOT_HEALED}:
                break
    if as_json:
        _say(report.document(scene.places.mode, outcomes))
    elif len(wanted) > 1:
        _say(report.verdict(outcomes, len(wanted)))
    if got and outcomes[-1].state is State.INTERRUPTED:
        return 128 + got[0]
    if all(one.state in {State.NOT_PLAYED, State.ELSEWHERE} for one in outcomes):
        return 2
    return 0 if all(one.is_green for one in outcomes) else 1


def _play(drill: Drill | Elsewhere, scene: Scene, journal: Journal, *, as_json: bool) -> Outcome:
    if isinstance(drill, Elsewhere):
        if not as_json:
            _say(report.elsewhere(drill))
        return Outcome(drill.story.name, State.ELSEWHERE, "", drill.reason)
    stage = Stage(scene, journal, drill, (lambda _: None) if as_json else _teller(drill))
    try:
        drill.play(stage)
        outcome = report.of_stage(stage, State.SHOWN)
    except tuple(_STATES) as error:
        outcome = report.of_stage(stage, _STATES[type(error)], str(error) or "it was stopped")
    if not as_json and outcome.state is State.NOT_PLAYED and not stage.steps:
        _complain(f"{outcome.name} cannot be played: {outcome.reason}")
    elif not as_json:
        _say(report.closing(outcome))
    return outcome


def _teller(drill: Drill) -> Callable[[Step], None]:
    """Tells the story with the first step: before it nothing is known to be possible."""
    told: list[Drill] = []

    def tell(step: Step) -> None:
        if not told:
            told.append(drill)
            _say(report.opening(drill))
        _say(report.line(step))

    return tell


def _heal_what_was_left(journal: Journal, *, as_json: bool) -> None:
    """By a drill that was killed before it could."""
    left = journal.left()
    if left is None:
        return
    name, record = left
    try:
        heal(recorded(record), journal)
    except NotHealed as error:
        raise Unable(
            f"the drill {name} was killed, and what it put in is not out: {error}"
        ) from error
    if not as_json:
        _say(f"Healed what the drill {name}, which was killed, had left.")


@contextmanager
def _signals(scene: Scene) -> Iterator[list[int]]:
    """They end the drill at its next look, never while it heals; a second one changes nothing."""
    got: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        got.append(number)
        scene.stopping.set()

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield got
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _complain(text: str) -> None:
    print(f"sightline drill: {text}", file=sys.stderr)  # noqa: T201 — a command's own output


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 — a command's own output

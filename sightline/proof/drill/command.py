"""`sightline drill`: its arguments, one drill after the other, and its exit code."""

import argparse
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from sightline import unheard
from sightline.proof import addresses
from sightline.proof.addresses import AddressError, Addresses, Mode
from sightline.proof.drill import report
from sightline.proof.drill.faults import Gone, recorded
from sightline.proof.drill.journal import Journal, opened
from sightline.proof.drill.report import Outcome, State
from sightline.proof.drill.scene import Scene, Stopped, Unable
from sightline.proof.drill.stage import NotHealed, NotShown, Stage, Step, heal
from sightline.proof.drill.story import Drill, Elsewhere
from sightline.proof.drill.table import drills
from sightline.proof.drill.voice import complain, say
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
            return 0 if say(told(_known(places), places.mode)) else unheard.EXIT_CODE
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
        complain(str(error))
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
            if scene.stopping.is_set():  # between two of them
                outcomes.append(_not_begun(drill))
                break
            outcomes.append(_play(drill, scene, journal, as_json=as_json))
            if outcomes[-1].state in {State.INTERRUPTED, State.NOT_HEALED}:
                break
    heard = True
    if as_json:
        heard = say(report.document(scene.places.mode, outcomes))
    elif len(wanted) > 1:
        heard = say(report.verdict(outcomes, len(wanted)))
    if outcomes[-1].state is State.INTERRUPTED:
        return 128 + got[0] if got else unheard.EXIT_CODE
    if not heard:
        return unheard.EXIT_CODE
    if all(one.state in {State.NOT_PLAYED, State.ELSEWHERE} for one in outcomes):
        return 2
    return 0 if all(one.is_green for one in outcomes) else 1


def _not_begun(drill: Drill | Elsewhere) -> Outcome:
    alert = drill.alert if isinstance(drill, Drill) else ""
    return Outcome(drill.story.name, State.INTERRUPTED, alert, "it was stopped before it began")


def _play(drill: Drill | Elsewhere, scene: Scene, journal: Journal, *, as_json: bool) -> Outcome:
    if isinstance(drill, Elsewhere):
        if not as_json:
            say(report.elsewhere(drill))
        return Outcome(drill.story.name, State.ELSEWHERE, "", drill.reason)
    stage = Stage(scene, journal, drill, (lambda _: None) if as_json else _teller(drill, scene))
    try:
        drill.play(stage)
        outcome = report.of_stage(stage, State.SHOWN)
    except tuple(_STATES) as error:
        outcome = report.of_stage(stage, _state(error, stage), str(error) or "it was stopped")
    if not as_json and outcome.state is State.NOT_PLAYED and not stage.steps:
        complain(f"{outcome.name} cannot be played: {outcome.reason}")
    elif not as_json and not say(report.closing(outcome)):
        scene.stopping.set()
    return outcome


def _state(error: Exception, stage: Stage) -> State:
    state = next(state for kind, state in _STATES.items() if isinstance(error, kind))
    # What went wrong with the fault in is no reason why it could not be played: it was.
    return State.NOT_SHOWN if state is State.NOT_PLAYED and stage.was_in else state


def _teller(drill: Drill, scene: Scene) -> Callable[[Step], None]:
    """Tells the story with the first step: before it nothing is known to be possible.

    Where nobody can hear it any more the drill stops, as by a signal: it is played to be seen.
    """
    told: list[Drill] = []

    def tell(step: Step) -> None:
        heard = True
        if not told:
            told.append(drill)
            heard = say(report.opening(drill))
        if not (say(report.line(step)) and heard):
            scene.stopping.set()

    return tell


def _heal_what_was_left(journal: Journal, *, as_json: bool) -> None:
    """By a drill that was killed before it could."""
    left = journal.left()
    if left is None:
        return
    name, record = left
    told = f"Healed what the drill {name}, which was killed, had left."
    try:
        heal(recorded(record), journal)
    except NotHealed as error:
        if not isinstance(error.__cause__, Gone):
            raise Unable(
                f"the drill {name} was killed, and what it put in is not out: {error} Where it "
                f"is out already, remove {journal.path}."
            ) from error
        journal.clear()
        told = (
            f"What the drill {name}, which was killed, had switched on in orders has ended with "
            f"it: nothing listens at {record['orders']}."
        )
    if not as_json:
        say(told)


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

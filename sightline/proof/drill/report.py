"""Drills for people, line by line, and for machines, as JSON."""

import json
import re
import textwrap
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from sightline.proof.addresses import Mode
from sightline.proof.drill.stage import Stage, Step
from sightline.proof.drill.story import Drill, Elsewhere

_WIDTH = 96
_NAMES = 18


class State(StrEnum):
    SHOWN = "shown"
    NOT_SHOWN = "not shown"
    NOT_PLAYED = "not played"
    ELSEWHERE = "not in this mode"
    INTERRUPTED = "interrupted"
    NOT_HEALED = "not healed"


@dataclass(frozen=True)
class Outcome:
    name: str
    state: State
    alert: str
    reason: str = ""
    seconds: float = 0.0
    stated_seconds: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    @property
    def is_green(self) -> bool:
        return self.state in {State.SHOWN, State.ELSEWHERE}


def listing(drills: Iterable[Drill | Elsewhere], mode: Mode) -> str:
    where = {
        Mode.VIEWER: "the viewer, which answers here",
        Mode.STACK: "the stack, which answers here",
        Mode.NONE: "the stack; nothing runs here yet (make demo, or make up)",
    }[mode]
    lines = [f"Drills of {where}.", ""]
    for drill in drills:
        lines.append(f"{drill.story.name:<{_NAMES}}{drill.story.title}")
        if isinstance(drill, Elsewhere):
            lines += _folded("not here: ", drill.reason)
        else:
            alert = drill.alert.replace("none: ", "none, for ")
            lines += _folded("", f"at most {_minutes(drill.seconds)}; alert: {alert}")
    return "\n".join([*lines, "", "Play one: make drill FAULT=errors. All: make drill FAULT=all."])


def catalogue(drills: Iterable[Drill | Elsewhere], mode: Mode) -> str:
    """The same for machines."""
    told = [
        {
            **{name: plain(text) for name, text in asdict(drill.story).items()},
            **(
                {"not_here": drill.reason}
                if isinstance(drill, Elsewhere)
                else {"alert": drill.alert, "stated_seconds": drill.seconds}
            ),
        }
        for drill in drills
    ]
    return json.dumps({"mode": str(mode), "drills": told}, indent=2)


def opening(drill: Drill) -> str:
    story = drill.story
    head = f"\n{story.name}: {story.title}, in at most {_minutes(drill.seconds)}"
    done, seen = _folded("done: ", plain(story.done)), _folded("see:  ", plain(story.seen))
    return "\n".join([head, *done, *seen])


def elsewhere(drill: Elsewhere) -> str:
    head = f"\n{drill.story.name}: {drill.story.title}"
    return "\n".join([head, *_folded("not here: ", drill.reason)])


def line(step: Step) -> str:
    return f"  {_clock(step.at):>6}  {step.kind:<8}{step.text}"


def closing(outcome: Outcome) -> str:
    of = f"{_clock(outcome.seconds)} of at most {_clock(outcome.stated_seconds)}"
    if outcome.state is State.SHOWN:
        return f"  Shown in {of}."
    return f"  {outcome.state.capitalize()}, after {of}: {outcome.reason}"


def verdict(outcomes: list[Outcome], wanted: int) -> str:
    shown = sum(one.state is State.SHOWN for one in outcomes)
    rest = [one for one in outcomes if one.state is not State.SHOWN]
    told = "; ".join(f"{one.name} {one.state}" for one in rest)
    seconds = sum(one.seconds for one in outcomes)
    return f"\n{shown} of {wanted} shown in {_clock(seconds)}{'. ' if told else ''}{told}."


def document(mode: Mode, outcomes: list[Outcome]) -> str:
    return json.dumps(
        {
            "green": all(one.is_green for one in outcomes),
            "mode": str(mode),
            "seconds": round(sum(one.seconds for one in outcomes), 1),
            "drills": [asdict(one) for one in outcomes],
        },
        indent=2,
    )


def of_stage(stage: Stage, state: State, reason: str = "") -> Outcome:
    drill = stage.drill
    return Outcome(
        drill.story.name,
        state,
        drill.alert,
        reason,
        round(stage.seconds, 1),
        drill.seconds,
        stage.facts,
        stage.links,
    )


def plain(text: str) -> str:
    """Without the marks that the runbook's page makes emphasis of."""
    return re.sub(r"(?<!\*)\*([^*]+)\*", r"\1", text).replace("`", "")


def _folded(head: str, text: str) -> list[str]:
    indent = " " * (2 + len(head))
    return textwrap.wrap(text, _WIDTH, initial_indent=f"  {head}", subsequent_indent=indent)


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} min"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"

"""The part of Go's templates that labels and annotations of rules use; the rest is refused by name.

{{ $labels.NAME }}   {{ $value }}   {{ $value | humanizePercentage }}   {{ printf "%.2f" $value }}
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from sightline.viewer.promql.samples import Labels
from sightline.viewer.rules import figures

Data = tuple[Labels, float]
Kind = Literal["number", "text"]

FUNCTIONS: Mapping[str, Callable[[float], str]] = {
    "humanize": figures.humanize,
    "humanize1024": figures.humanize1024,
    "humanizeDuration": figures.humanize_duration,
    "humanizePercentage": figures.humanize_percentage,
}
_KNOWN = ", ".join(["printf", *FUNCTIONS])
_ACTION = re.compile(r'\{\{((?:"(?:\\.|[^"\\])*"|`[^`]*`|[^}"`]|\}(?!\}))*)\}\}')
_TOKEN = re.compile(
    r'(?P<text>"(?:\\.|[^"\\])*"|`[^`]*`)|(?P<pipe>\|)|(?P<word>[^\s|"`]+)|(?P<other>\S)'
)
_LABEL = re.compile(r"(?:\$labels|\.Labels)\.([a-zA-Z_][a-zA-Z0-9_]*)")
_VERB = re.compile(r"%(?:%|(\.\d+)?([vsfeg])|(?P<unknown>.?[^\s]?))")


class BadTemplate(Exception):  # noqa: N818 — reads as what it is
    """What is not understood, by name, for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class _Operand:
    kind: Kind
    of: Callable[[Data], str | float]


@dataclass(frozen=True, slots=True)
class Template:
    """Text and the actions between."""

    parts: tuple[str | _Operand, ...]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Raise `BadTemplate` for what Prometheus takes and this does not, too."""
        parts: list[str | _Operand] = []
        end = 0
        for found in _ACTION.finditer(text):
            parts += [_plain(text[end : found.start()]), _action(found[0], found[1])]
            end = found.end()
        return cls((*parts, _plain(text[end:])))

    def expand(self, labels: Labels, value: float) -> str:
        data = (labels, value)
        return "".join(part if isinstance(part, str) else _shown(part, data) for part in self.parts)


def _plain(text: str) -> str:
    if "{{" in text:
        raise BadTemplate(f"{text[text.index('{{') :][:40]!r} has no end")
    return text


def _shown(operand: _Operand, data: Data) -> str:
    found = operand.of(data)
    return found if isinstance(found, str) else figures.plain(found)


def _action(whole: str, inside: str) -> _Operand:
    if inside.startswith("- ") or inside.endswith(" -"):
        raise BadTemplate(f"{whole}: the trimming '-' is not supported by Sightline's viewer")
    commands: list[list[re.Match[str]]] = [[]]
    for token in _TOKEN.finditer(inside):
        if token.lastgroup == "pipe":
            commands.append([])
        elif token.lastgroup == "other":
            raise BadTemplate(f"{whole}: {token[0]!r} is not understood")
        else:
            commands[-1].append(token)
    if not all(commands):
        raise BadTemplate(f"{whole}: a command is missing")
    piped: _Operand | None = None
    for command in commands:
        piped = _command(whole, command, piped)
    return cast("_Operand", piped)


def _command(whole: str, tokens: list[re.Match[str]], piped: _Operand | None) -> _Operand:
    name, given = tokens[0][0], [] if piped is None else [piped]
    if tokens[0].lastgroup == "word" and name[0].isalpha():
        arguments = [*(_operand(whole, token) for token in tokens[1:]), *given]
        return _called(whole, name, arguments)
    if len(tokens) > 1 or given:
        raise BadTemplate(f"{whole}: {name} is no function and takes no argument")
    return _operand(whole, tokens[0])


def _operand(whole: str, token: re.Match[str]) -> _Operand:
    if token.lastgroup == "text":
        text = _unquoted(whole, token[0])
        return _Operand("text", lambda _: text)
    if token[0] in {"$value", ".Value"}:
        return _Operand("number", lambda data: data[1])
    label = _LABEL.fullmatch(token[0])
    if label is None:
        raise BadTemplate(
            f"{whole}: {token[0]} is not supported by Sightline's viewer; it knows $labels.NAME and"
            f" $value, and of functions {_KNOWN}"
        )
    name = label[1]
    return _Operand("text", lambda data: data[0].get(name, ""))


def _unquoted(whole: str, text: str) -> str:
    if text[0] == "`":
        return text[1:-1]
    try:
        return str(json.loads(text))
    except ValueError:
        raise BadTemplate(f"{whole}: {text} is no text that can be read") from None


def _called(whole: str, name: str, arguments: list[_Operand]) -> _Operand:
    if name == "printf":
        return _printf(whole, arguments)
    if name not in FUNCTIONS:
        raise BadTemplate(
            f"{whole}: the function {name} is not supported by Sightline's viewer; it knows"
            f" {_KNOWN}"
        )
    if len(arguments) != 1 or arguments[0].kind != "number":
        raise BadTemplate(f"{whole}: {name} takes one number")
    function, (argument,) = FUNCTIONS[name], arguments
    return _Operand("text", lambda data: function(cast("float", argument.of(data))))


def _printf(whole: str, arguments: list[_Operand]) -> _Operand:
    if not arguments or arguments[0].kind != "text":
        raise BadTemplate(f"{whole}: printf takes a format and what goes into it")
    form = str(arguments[0].of(({}, 0.0)))
    verbs = [verb for verb in _VERB.finditer(form) if verb[0] != "%%"]
    for verb in verbs:
        if verb["unknown"] is not None:
            raise BadTemplate(
                f"{whole}: {verb[0]} is not supported by Sightline's viewer; it knows %v, %s, %.2f,"
                " %.2e and %.2g"
            )
    if [_wanted(verb[2]) for verb in verbs] != [
        each.kind if verb[2] != "v" else "any"
        for verb, each in zip(verbs, arguments[1:], strict=False)
    ] or len(verbs) != len(arguments) - 1:
        raise BadTemplate(f"{whole}: the format {form!r} does not fit what follows it")
    return _Operand(
        "text", lambda data: _formatted(form, [each.of(data) for each in arguments[1:]])
    )


def _wanted(verb: str) -> str:
    return {"v": "any", "s": "text"}.get(verb, "number")


def _formatted(form: str, values: list[str | float]) -> str:
    left = iter(values)

    def filled(verb: re.Match[str]) -> str:
        if verb[0] == "%%":
            return "%"
        value = next(left)
        if isinstance(value, str):
            return value
        if verb[1] is None and verb[2] in "vg":
            return figures.plain(value)
        return figures.odd(value) or verb[0] % value

    return _VERB.sub(filled, form)

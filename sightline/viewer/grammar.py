"""What the parsers of the query languages share: limits, a grammar, and where a text went wrong."""

import re
from pathlib import Path

from lark import Lark, UnexpectedInput, UnexpectedToken
from lark.exceptions import UnexpectedCharacters

LONGEST_QUERY = 65_536
MOST_WORDS = 5_000
# Levels of brackets, and of operators one after another: each is some calls of Python inside one
# another, and to the parser of PromQL a copy of all that is below it; thousands end the process.
DEEPEST_QUERY = 200
TOO_DEEP = "the query is nested too deeply; take some of its conditions away"
# One that is not closed goes to the end, so that none is looked through twice.
STRINGS = re.compile(r'"(?s:\\.|[^"\\])*\\?(?:"|\Z)|`[^`]*(?:`|\Z)')
_WORDS = re.compile(r"[\w.:]+|[^\w\s]")
_LEVELS = re.compile(
    r"[(\[{]|[)\]}]|,|&&|\|\||>>|<<|[=!<>]=|[-+*/%^<>]|(?<![=!|])~"
    r"|(?i:\b(?:and|or|unless|atan2)\b)"
)


def excess(text: str, unread: re.Pattern[str] = STRINGS) -> str:
    """Why a query is too much to be parsed; empty as a rule. `unread` are strings and comments."""
    if len(text) > LONGEST_QUERY:
        return f"the query has {len(text)} characters, not {LONGEST_QUERY} at most"
    # Two words that only a string parts stay two.
    read = unread.sub(" ", text)
    words = len(_WORDS.findall(read))
    if words > MOST_WORDS:
        return f"the query has {words} words and signs, not {MOST_WORDS} at most"
    deep = _levels(read)
    if deep > DEEPEST_QUERY:
        return (
            f"the query is nested too deeply: {deep} levels of brackets and operators,"
            f" not {DEEPEST_QUERY} at most"
        )
    return ""


class _Group:
    """What stands between two brackets: parts, by commas, of which the deepest counts."""

    def __init__(self) -> None:
        self.operators = self.inside = self.deepest = 0

    def end_part(self) -> int:
        self.deepest = max(self.deepest, self.operators + self.inside)
        self.operators = self.inside = 0
        return self.deepest


def _levels(text: str) -> int:
    """How deep its tree is at most: operators side by side make each other's left side."""
    open_groups = [_Group()]
    for sign in _LEVELS.findall(text):
        here = open_groups[-1]
        if sign in "([{":
            open_groups.append(_Group())
        elif sign in ")]}":
            if len(open_groups) > 1:
                _close(open_groups)
        elif sign == ",":
            here.end_part()
        else:
            here.operators += 1
    while len(open_groups) > 1:
        _close(open_groups)
    return open_groups[0].end_part()


def _close(open_groups: list[_Group]) -> None:
    inner = open_groups.pop().end_part() + 1
    outer = open_groups[-1]
    outer.inside = max(outer.inside, inner)


def load(folder: Path) -> Lark:
    grammar = (folder / "grammar.lark").read_text()
    return Lark(grammar, parser="lalr", maybe_placeholders=True)


def unexpected_at(text: str, error: UnexpectedInput) -> tuple[str, int]:
    """The word that the grammar did not expect, empty at the end of `text`, and its offset."""
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return str(error.token), error.pos_in_stream or 0
    if isinstance(error, UnexpectedCharacters):
        offset = error.pos_in_stream or 0
        return text[offset], offset
    return "", len(text)

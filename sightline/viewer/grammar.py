"""What the parsers of both query languages share: a grammar, and where a text went wrong."""

from pathlib import Path

from lark import Lark, UnexpectedInput, UnexpectedToken
from lark.exceptions import UnexpectedCharacters


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

"""SQL that reads one field of a JSON column by the name Loki would give it (dots become `_`)."""

import itertools

from sightline.viewer.sql.fragment import TRUE, Sql, Value, sql

_NESTED = '"."'
_SEPARATORS = ("_", ".", "-", _NESTED)
_FEW_UNDERSCORES = 2  # up to here each spelling of a name is tried: 4 to the power of this
_MOST_UNDERSCORES = 6
_FIRST_FOUND = "list_filter(json_extract_string({}, {{}}), lambda found: found IS NOT NULL)[1]"


class TooManySpellings(ValueError):  # noqa: N818 — reads as what happened
    """A nested field cannot be told from its joined name any more."""


def attribute(column: str, name: str) -> Sql:
    """Text of an attribute, NULL where absent; `http_route` finds `http.route`."""
    if name.count("_") <= _FEW_UNDERSCORES:
        paths = _paths(name, _SEPARATORS)
        return sql(_FIRST_FOUND.format(column), Value(paths))
    key = '"(' + name.replace("_", r'[^a-zA-Z0-9"\\]') + ')":'
    return sql(
        f"""json_extract_string({column}, '$."' || regexp_extract({column}, {{}}, 1) || '"')""",
        Value(key),
    )


def body_field(column: str, name: str) -> Sql:
    """Text of a field of a JSON line, nested ones by their joined path; NULL elsewhere."""
    if name.count("_") > _MOST_UNDERSCORES:
        raise TooManySpellings(name)
    few = name.count("_") <= _FEW_UNDERSCORES
    paths = _paths(name, _SEPARATORS if few else ("_", _NESTED))
    found = sql(_FIRST_FOUND.format(column), Value(paths))
    return sql(f"CASE WHEN {is_json_object(column)} THEN {{}} END", found)


def is_json_object(column: str) -> str:
    return f"(starts_with(ltrim({column}), chr(123)) AND json_valid({column}))"


def _paths(name: str, separators: tuple[str, ...]) -> list[str]:
    words = name.split("_")
    choices = itertools.product(separators, repeat=len(words) - 1)
    return [f'$."{_woven(words, chosen)}"' for chosen in choices]


def _woven(words: list[str], separators: tuple[str, ...]) -> str:
    pairs = itertools.zip_longest(words, separators, fillvalue="")
    return "".join(word + separator for word, separator in pairs)


def pointer(key: str) -> str:
    """JSON pointer to a key of an object, whatever characters it has."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def appears_in(column: str, value: str) -> Sql:
    """A cheap test that spares most rows the reading of their JSON; TRUE where none is safe."""
    if not value or not value.isascii() or not value.isprintable() or '"' in value or "\\" in value:
        return TRUE
    return sql(f"contains({column}, {{}})", Value(value))

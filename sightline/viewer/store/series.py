"""The series in memory: who they are, found by matchers, and when they were seen."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

import orjson

from sightline.viewer.promql import regex
from sightline.viewer.promql.samples import Labels, Matcher
from sightline.viewer.store.batch import SeriesRow

Known = tuple[int, Labels]


class SeriesIndex:
    """Name to series; safe to add to and to search from any thread."""

    def __init__(self, stored: Iterable[tuple[int, str, str]] = ()) -> None:
        self._by_name: dict[str, dict[int, Labels]] = {}
        self._name_of: dict[int, str] = {}
        self._lock = threading.Lock()
        for series_id, name, labels in stored:
            self._add(series_id, name, orjson.loads(labels))

    def __len__(self) -> int:
        return len(self._name_of)

    def __contains__(self, series_id: object) -> bool:
        return series_id in self._name_of

    def isdisjoint(self, ids: Iterable[int]) -> bool:
        return self._name_of.keys().isdisjoint(ids)

    def count(self, name: str) -> int:
        return len(self._by_name.get(name, ()))

    def names(self) -> list[str]:
        return sorted(self._by_name)

    def add(self, name: str, labels: Labels) -> tuple[int, SeriesRow | None]:
        """The series' id, and the row to store if it is new. `labels` has no `__name__`."""
        text = _text(labels)
        series_id = _identity(name, text)
        with self._lock:
            if series_id in self._name_of:
                return series_id, None
            self._add(series_id, name, labels)
        return series_id, SeriesRow(series_id, name, text.decode())

    def rows(self) -> list[SeriesRow]:
        """All of them, as the database keeps them."""
        with self._lock:
            return [
                SeriesRow(series_id, name, _text(labels).decode())
                for name, family in self._by_name.items()
                for series_id, labels in family.items()
            ]

    def remove(self, ids: Iterable[int]) -> None:
        with self._lock:
            for series_id in ids:
                name = self._name_of.pop(series_id, None)
                if name is None:
                    continue
                family = self._by_name[name]
                del family[series_id]
                if not family:
                    del self._by_name[name]

    def match(self, matchers: Sequence[Matcher]) -> list[Known]:
        """Series that satisfy all matchers; their labels, `__name__` included, are shared."""
        on_name = [_test(m) for m in matchers if m.name == "__name__"]
        on_labels = [(m.name, _test(m)) for m in matchers if m.name != "__name__"]
        exact = next((m.value for m in matchers if m.name == "__name__" and m.op == "="), None)
        with self._lock:
            candidates = list(self._by_name) if exact is None else [exact]
            families = [
                list(self._by_name[name].items())
                for name in candidates
                if name in self._by_name and all(test(name) for test in on_name)
            ]
        return [
            known
            for family in families
            for known in family
            if all(test(known[1].get(name, "")) for name, test in on_labels)
        ]

    def _add(self, series_id: int, name: str, labels: Mapping[str, str]) -> None:
        self._by_name.setdefault(name, {})[series_id] = {"__name__": name, **labels}
        self._name_of[series_id] = name


def _text(labels: Mapping[str, str]) -> bytes:
    kept = {key: value for key, value in labels.items() if key != "__name__"}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)


def _identity(name: str, labels: bytes) -> int:
    """The same in every run, so that ids need no table to be agreed upon."""
    digest = hashlib.blake2b(name.encode() + b"\0" + labels, digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _test(matcher: Matcher) -> Callable[[str], bool]:
    wanted = matcher.value
    match matcher.op:
        case "=":
            return lambda value: value == wanted
        case "!=":
            return lambda value: value != wanted
    fits = regex.fits(wanted)
    seen: dict[str, bool] = {}
    negated = matcher.op == "!~"

    def test(value: str) -> bool:
        found = seen.get(value)
        if found is None:
            found = seen[value] = fits(value) != negated
        return found

    return test

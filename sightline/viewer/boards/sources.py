"""Which kind of data source is asked, by `{type, uid}`, name, `${DS_PROMETHEUS}` or default."""

import re
from typing import Any

from sightline.viewer.boards.fields import Fields, fields, items, text

KINDS = ("prometheus", "loki", "tempo")
_REFERENCE = re.compile(r"\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)\]\]")
_MIXED = "-- Mixed --"


class Sources:
    """What an exported document calls its data sources."""

    def __init__(self, document: Fields) -> None:
        inputs = items(document.get("__inputs"))
        variables = items(fields(document.get("templating")).get("list"))
        self._named = {
            text(each.get("name")): text(each.get("pluginId"))
            for each in inputs
            if each.get("type") == "datasource"
        } | {
            text(each.get("name")): text(each.get("query"))
            for each in variables
            if each.get("type") == "datasource"
        }

    def kind(self, given: Any, otherwise: str = "") -> str:
        """`otherwise` where it does not tell: the default of a Grafana is not in its exports."""
        if isinstance(given, dict):
            kind, uid = text(given.get("type")), text(given.get("uid"))
            if kind == "datasource":  # Grafana's own: other panels, its annotations, a mixture
                return otherwise if uid == _MIXED else uid
            if kind and not _REFERENCE.fullmatch(kind):
                return _known(kind) or kind
            given = uid
        return self._by_name(text(given)) or otherwise

    def _by_name(self, name: str) -> str:
        if name == _MIXED:
            return ""
        if name.startswith("-- "):
            return name
        reference = _REFERENCE.fullmatch(name)
        called = next(filter(None, reference.groups()), "") if reference else ""
        if kind := self._named.get(called, ""):
            return _known(kind) or kind
        return _known(name)


def _known(name: str) -> str:
    return next((kind for kind in KINDS if kind in name.lower()), "")

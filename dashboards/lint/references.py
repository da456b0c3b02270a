"""Where a text refers to Grafana's variables: ``$name``, ``${name:format}``, ``[[name]]``.

As Grafana finds them (``variableRegex`` of public/app/features/variables/utils.ts). A name of
digits is none: ``$1`` is a group of a regular expression. Fields and formats may have 99
characters, or a text of many beginnings would take for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_REFERENCE = re.compile(
    r"\$(?P<plain>\w+)|\[\[(?P<old>\w+)(?:\.[^:\]]{1,99})?(?::\w{1,99})?\]\]"
    r"|\$\{(?P<braced>\w+)(?:\.[^:}]{1,99})?(?::[^}]{1,99})?\}",
    re.ASCII,
)
_BUILT_IN = ("__", "timeFilter")
"""Beginnings of names that Grafana and its data sources fill in themselves."""


@dataclass(frozen=True)
class Reference:
    """One of a variable, in a text."""

    name: str
    start: int
    end: int

    @property
    def is_built_in(self) -> bool:
        """Whether Grafana fills it in itself."""
        return self.name.startswith(_BUILT_IN)


def references(text: str) -> Iterator[Reference]:
    """Yield the references of a text, in order."""
    for found in _REFERENCE.finditer(text):
        name = found["plain"] or found["old"] or found["braced"]
        if not name.isdigit():
            yield Reference(name, found.start(), found.end())

"""Matchers of labels in Alertmanager's configuration (pkg/labels), the old forms too."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MATCHER = re.compile(
    r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(\"(?:[^\"\\]|\\.)*\"|[^,{}\"\s]*)\s*"
)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Matcher:
    """One condition on a label; a label that is missing is empty."""

    name: str
    op: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether labels meet it."""
        found = labels.get(self.name, "")
        if self.op in ("=", "!="):
            return (found == self.value) is (self.op == "=")
        return (re.fullmatch(self.value, found) is not None) is (self.op == "=~")

    def __str__(self) -> str:
        value = self.value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
        return f'{self.name}{self.op}"{value}"'


Matchers = tuple[Matcher, ...]


def read_matchers(config: Mapping[str, Any], prefix: str = "") -> Matchers:
    """Return the matchers of a route or, by a prefix, of one side of an inhibition, sorted.

    Args:
        config: has ``matchers``, ``match``, ``match_re``, each with the prefix before it.
        prefix: ``source_`` or ``target_``, or none.

    Raises:
        ValueError: if a text is no matcher.
    """
    found = [
        *(Matcher(str(k), "=", str(v)) for k, v in (config.get(f"{prefix}match") or {}).items()),
        *(
            Matcher(str(k), "=~", str(v))
            for k, v in (config.get(f"{prefix}match_re") or {}).items()
        ),
        *(
            matcher
            for text in config.get(f"{prefix}matchers") or ()
            for matcher in parse_matchers(text)
        ),
    ]
    return tuple(sorted(found, key=lambda each: (each.name, each.value, each.op)))


def parse_matchers(text: str) -> list[Matcher]:
    """Return the matchers that a text holds, ``{a="b", c=~"d"}`` with or without braces.

    Raises:
        ValueError: if it holds anything else.
    """
    rest = text.strip()
    if rest.startswith("{") and rest.endswith("}"):
        rest = rest[1:-1]
    found: list[Matcher] = []
    while rest.strip(", "):
        match = _MATCHER.match(rest)
        if not match:
            raise ValueError(f"found {text!r}, expected matchers as Alertmanager writes them")
        name, op, value = match.groups()
        if value.startswith('"'):
            value = _ESCAPED.sub(lambda each: {"n": "\n"}.get(each[1], each[1]), value[1:-1])
        found.append(Matcher(name, op, value))
        rest = rest[match.end() :].removeprefix(",")
    return found


def match_all(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Tell whether labels meet all of some matchers."""
    return all(each.matches(labels) for each in matchers)

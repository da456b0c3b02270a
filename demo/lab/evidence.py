"""A cause's evidence, filled in as Prometheus would: by the part of its templates that is used.

Known are ``{{ .Labels.x }}``, ``if`` and ``with`` of one, ``if eq .Labels.x "a" "b"``, ``else``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LABEL = re.compile(r"\.Labels\.(\w+)")
_IS_ONE_OF = re.compile(r'eq \.Labels\.(\w+)((?: "[^"]*")+)')
_QUOTED = re.compile(r'"([^"]*)"')


def filled_in(template: str, labels: Mapping[str, str]) -> str:
    """Return what a template says of labels.

    Raises:
        ValueError: if it does what is not known here.
    """
    reading = _Reading(_ACTION.split(template), labels)
    said, ended_by = reading.block("")
    if ended_by:
        raise ValueError(f"found {ended_by!r} that ends nothing in {template!r}")
    return said


@dataclass
class _Reading:
    """A template that is read from left to right."""

    left: list[str]
    """Text and actions, in turn; text first."""
    labels: Mapping[str, str]

    def block(self, dot: str) -> tuple[str, str]:
        """Return what is said up to an ``else`` or ``end``, and which; nothing, at the very end."""
        said = self.left.pop(0)
        while self.left:
            action = self.left.pop(0).strip()
            word, _, rest = action.partition(" ")
            if word in ("else", "end"):
                return said, action
            if word in ("if", "with"):
                said += self._chosen(word, rest, dot)
            else:
                said += dot if action == "." else self._label(action)
            said += self.left.pop(0)
        return said, ""

    def _chosen(self, word: str, condition: str, dot: str) -> str:
        """Return what is said of the first condition that holds, or otherwise."""
        value = self._value(condition)
        said, ended_by = self.block(value if word == "with" else dot)
        otherwise = ""
        if ended_by == "else":
            otherwise, ended_by = self.block(dot)
        elif ended_by.startswith("else "):
            word, _, condition = ended_by.removeprefix("else ").partition(" ")
            otherwise, ended_by = self._chosen(word, condition, dot), "end"
        if ended_by != "end":
            raise ValueError(f"found no end of {condition!r}")
        return said if value else otherwise

    def _value(self, condition: str) -> str:
        """Return what a condition gives: it holds if that is not empty."""
        compared = _IS_ONE_OF.fullmatch(condition)
        if compared is None:
            return self._label(condition)
        is_one = self.labels.get(compared[1], "") in _QUOTED.findall(compared[2])
        return "true" if is_one else ""

    def _label(self, action: str) -> str:
        found = _LABEL.fullmatch(action)
        if found is None:
            raise ValueError(f"found {action!r}, expected a label")
        return self.labels.get(found[1], "")

"""Who may read the rules: by itself, so that the command's help is there without delay."""

from __future__ import annotations

from enum import StrEnum


class RulesFormat(StrEnum):
    """Who reads the rules."""

    PROMETHEUS = "prometheus"
    VMALERT = "vmalert"
    """A rule file too, of rules that wait for what vmalert has not written yet."""
    OPERATOR = "operator"

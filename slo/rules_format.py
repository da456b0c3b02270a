"""Who may read the rules, and options about it.

By itself, so that the help of commands is there without delay.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

MostRules = Annotated[
    int | None,
    typer.Option("--max-rules-per-group", help="Split groups of more rules: Mimir takes 20."),
]
ManifestLabels = Annotated[
    list[str] | None,
    typer.Option("--label", help="NAME=VALUE of manifests, for the operator's ruleSelector."),
]


class RulesFormat(StrEnum):
    """Who reads the rules."""

    PROMETHEUS = "prometheus"
    VMALERT = "vmalert"
    """A rule file too, of rules that wait for what vmalert has not written yet."""
    OPERATOR = "operator"


class BuildFormat(StrEnum):
    """For whom everything is built."""

    PROMETHEUS = "prometheus"
    VMALERT = "vmalert"
    OPERATOR = "operator"
    KUBERNETES = "kubernetes"
    """All that runs there, and for the operator what rules and routes are."""

    @property
    def rules(self) -> RulesFormat:
        """Return who reads the rules."""
        return RulesFormat.OPERATOR if self is BuildFormat.KUBERNETES else RulesFormat(self.value)

"""Inhibition (inhibit/inhibit.go): what goes without saying while something else fires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.alertmanager.matching import Matchers, match_all, read_matchers

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Inhibition:
    """One rule: a source that fires mutes targets with equal labels."""

    source: Matchers
    target: Matchers
    equal: tuple[str, ...]

    def mutes(self, labels: Labels, firing: Iterable[Labels]) -> bool:
        """Tell whether an alert is muted by any of those that fire.

        What is on both sides of the rule is not muted by what is on both sides too.
        """
        if not match_all(self.target, labels):
            return False
        is_on_both = match_all(self.source, labels)
        return any(
            match_all(self.source, each)
            and all(each.get(name, "") == labels.get(name, "") for name in self.equal)
            and not (is_on_both and match_all(self.target, each))
            for each in firing
        )


def read_inhibitions(config: Sequence[Mapping[str, Any]]) -> tuple[Inhibition, ...]:
    """Return the rules of ``inhibit_rules``.

    Raises:
        ValueError: if a matcher is none.
    """
    return tuple(
        Inhibition(
            read_matchers(each, "source_"),
            read_matchers(each, "target_"),
            tuple(map(str, each.get("equal") or ())),
        )
        for each in config
    )

"""Alerts of others that are called as ours: our route takes what they tell."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.doctor.checks.rules import OURS
from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.seen import Rule, Seen
from alerts.watchdog import WATCHDOG
from slo import conventions

_SEVERITIES = (conventions.PAGE, conventions.TICKET, conventions.NOBODY)
"""Those that our route takes. Others call alerts as we do, and most their severities otherwise."""


def find_namesakes(seen: Seen) -> Iterator[Found]:
    """Yield the groups of others that have an alert with a name and a severity of ours."""
    # The route of the watchdog asks for one more label than its name.
    names = {rule.name for group in seen.built for rule in group.rules if rule.is_alert}
    names.discard(WATCHDOG)
    for group in seen.groups or ():
        if OURS.fullmatch(group.name):
            continue
        taken = [each for each in group.rules if each.name in names and _is_taken(each)]
        if taken:
            which = listed(each.name for each in taken)
            yield Found(
                f"{group.file}: {group.name}",
                f"has alerts called as ours: {which}: our route of Alertmanager takes alerts by "
                "name and severity, so that these go to our receivers, and no longer to theirs",
                "names that no rule of ours has",
                f"rename {which} in this group, or give it a severity other than "
                f"{', '.join(_SEVERITIES)}, and reload Prometheus",
            )


def _is_taken(rule: Rule) -> bool:
    severity = rule.labels.get(conventions.SEVERITY, "")
    return rule.is_alert and (severity in _SEVERITIES or "{{" in severity)


CHECKS = (
    Check("routes/namesake", Harm.PAGES_LOST, "An alert of somebody else has a name and a severity "
          "of ours, so that our route takes it from its receiver.", find_namesakes,
          needs=("groups",)),
)  # fmt: skip

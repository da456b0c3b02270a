"""Alerts of others that are called as ours: our route takes what they tell."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.doctor.checks.rules import OURS
from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.seen import Rule, Seen
from alerts.routing.names import SEVERITIES, may_be_taken
from alerts.watchdog import WATCHDOG
from slo import conventions


def find_namesakes(seen: Seen) -> Iterator[Found]:
    """Yield the groups of others that have an alert with a name and a severity of ours."""
    # The route of the watchdog asks for one more label than its name.
    names = seen.built_alerts() - {WATCHDOG}
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
                f"{', '.join(SEVERITIES)}, and reload Prometheus",
            )


def _is_taken(rule: Rule) -> bool:
    return rule.is_alert and may_be_taken(rule.labels.get(conventions.SEVERITY, ""))


CHECKS = (
    Check("routes/namesake", Harm.PAGES_LOST, "An alert of somebody else has a name and a severity "
          "of ours, so that our route takes it from its receiver.", find_namesakes,
          needs=("groups",)),
)  # fmt: skip

"""The table of ``alerts/README.md``: ``python -m alerts.readme`` writes it anew.

What an alert means is the first sentence of its runbook; all else follows from the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path

from alerts.blackout_alerts import blind_alerts, vanished_alerts
from alerts.build import groups_at
from alerts.causes.cause import cause_alerts
from alerts.causes.every import causes
from alerts.runbooks import read_runbook
from alerts.watch.every import watch_alerts
from alerts.watchdog import watchdog_alert
from exporters.config import Links
from exporters.sections import table, write_sections
from slo import conventions
from slo.objective import Objective
from slo.objectives import LIBRARY, ObjectiveFile, library_names, read_objective_files
from slo.rules import AlertingRule

FILE = Path(__file__).with_name("README.md")

_INTERVAL_SECONDS = 15.0
_SEVERITIES = (conventions.PAGE, conventions.TICKET)
_FIRST_SENTENCE = re.compile(r"(.+?[.])(?:\s|$)(?=[A-Z`\[]|$)", re.DOTALL)
"""Up to a full stop after which something begins with a capital, or with code."""
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


def main() -> None:
    """Write the table."""
    write_sections(FILE, TABLES)


def objectives_table() -> str:
    """Return the alerts of objectives and their cells."""
    library = _library()
    rules = [
        rule
        for each in library
        for group in groups_at(each, _INTERVAL_SECONDS, Links())
        for rule in group.rules
        if isinstance(rule, AlertingRule)
    ]
    rules += vanished_alerts(library, _INTERVAL_SECONDS, Links())
    rules += blind_alerts(library, Links())
    return _table(rules)


def causes_table() -> str:
    """Return the alerts of causes, the most probable first."""
    every = causes(_INTERVAL_SECONDS)
    return _table(chain.from_iterable(cause_alerts(each, Links()) for each in every))


def watch_table() -> str:
    """Return the alerts about shardwatch itself."""
    every = watch_alerts(_library(), _INTERVAL_SECONDS)
    return _table([*(each.rule(Links()) for each in every), watchdog_alert(Links())])


def meaning(alert: str) -> str:
    """Return the first sentence of an alert's runbook, in one line and without links.

    Raises:
        ValueError: if there is no runbook, or its first section has no sentence.
    """
    text = (read_runbook(alert) or "").partition("## Meaning\n")[2].partition("\n## ")[0]
    found = _FIRST_SENTENCE.match(text.strip())
    if found is None:
        raise ValueError(f"the runbook of {alert} does not say in a sentence what it means")
    return " ".join(_LINK.sub(r"\1", found[1]).split()).replace("|", "\\|")


def _library() -> tuple[Objective, ...]:
    """Return all objectives of the library: between them they have every alert that there is."""
    files = [ObjectiveFile(LIBRARY / f"{each}.yaml", f"library:{each}") for each in library_names()]
    return read_objective_files(files)


def _table(rules: Iterable[AlertingRule]) -> str:
    """Return a row for each name, in the order of the rules."""
    severities: dict[str, set[str]] = {}
    for rule in rules:
        severities.setdefault(rule.alert, set()).add(rule.labels[conventions.SEVERITY])
    rows = [
        (
            f"[`{name}`](runbooks/{name}.md)",
            ", ".join(each for each in _SEVERITIES if each in found) or "none",
            meaning(name),
        )
        for name, found in severities.items()
    ]
    return table(("alert", "severity", "means"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "alerts of objectives": objectives_table,
    "alerts of causes": causes_table,
    "alerts of the watch": watch_table,
}
"""By name of the section."""


if __name__ == "__main__":
    main()

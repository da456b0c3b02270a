"""What receivers and times are called, and the matchers that several parts write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from alerts.watchdog import WATCHDOG
from exporters import catalog
from exporters.config import ConfigFile
from exporters.notifying import Receiver
from slo import conventions

FRAGMENT_PREFIX = "shardwatch-"

PAGERDUTY = "pagerduty"
"""The receiver that the key ``pagerduty`` of ``shardwatch.yaml`` is."""
SEVERITIES = (conventions.PAGE, conventions.TICKET, conventions.NOBODY)
"""Of our alerts. Others call alerts as we do, and most their severities otherwise."""
SUFFIXES = {conventions.PAGE: "pages", conventions.TICKET: "tickets"}


def may_be_taken(severity: str) -> bool:
    """Tell whether our route takes a rule's alert that is called as ours, by its severity.

    Args:
        severity: as the rule has it: a template may come to anything.
    """
    return severity in SEVERITIES or "{{" in severity


@dataclass(frozen=True)
class Naming:
    """How everything is called, and which alerts are ours."""

    prefix: str = ""
    alerts: tuple[str, ...] = ()
    """The names of our alerts, sorted, where others are there, too."""
    cluster: str = ""
    """Whose alerts alone are ours, where those of other clusters are there, too."""

    def of(self, receiver: str, severity: str) -> str:
        """Return the name of Alertmanager's receiver of one severity: ``serving-pages``."""
        return f"{self.prefix}{receiver}-{SUFFIXES[severity]}"

    def time(self, name: str) -> str:
        """Return the name of a time."""
        return f"{self.prefix}{name}"

    @property
    def webhook(self) -> str:
        """Of every alert."""
        return f"{self.prefix}webhook"

    @property
    def watchdog(self) -> str:
        """Of the heartbeat."""
        return f"{self.prefix}watchdog"

    @property
    def nobody(self) -> str:
        """A receiver that tells nobody: its alerts stay in Alertmanager's list."""
        return f"{self.prefix}nobody"

    @property
    def of_cluster(self) -> list[str]:
        """The matcher of the cluster, where there may be others."""
        return [equals(catalog.CLUSTER, self.cluster)] if self.cluster else []

    @property
    def is_ours(self) -> list[str]:
        """The matchers of all our alerts; none where there are no others."""
        return [equals(conventions.ALERTNAME, self.alerts), *self.of_cluster] if self.alerts else []


def fragment_naming(alerts: Iterable[str], shared_by: str = "") -> Naming:
    """Return how everything is called in a fragment.

    Args:
        alerts: the names of all alerts that it is for.
        shared_by: the cluster, where the Alertmanager has fragments of others.
    """
    prefix = f"{FRAGMENT_PREFIX}{shared_by}-" if shared_by else FRAGMENT_PREFIX
    # The route of the watchdog asks for one more label than its name.
    return Naming(prefix, tuple(sorted({*alerts} - {WATCHDOG})), shared_by)


def equals(label: str, values: str | tuple[str, ...]) -> str:
    """Return the matcher of one value of a label, or of several."""
    if isinstance(values, str):
        return f"{label}={json.dumps(values, ensure_ascii=False)}"
    if len(values) == 1:
        return equals(label, values[0])
    return f"{label}=~{json.dumps('|'.join(map(re.escape, values)), ensure_ascii=False)}"


def is_there(label: str) -> str:
    """Return the matcher of alerts that have a label."""
    return f'{label}!=""'


def wakes(receiver: Receiver) -> bool:
    """Tell whether anything of a receiver can wake somebody; a webhook may."""
    return receiver.pagerduty is not None or receiver.webhook is not None


def owners_elsewhere(file: ConfigFile) -> tuple[str, ...]:
    """Return the owners who are told by another receiver than the one of pages of regions."""
    name = fallback_of(file)
    owners = sorted(file.alertmanager.owners.items())
    return tuple(owner for owner, receiver in owners if receiver != name)


def fallback_of(file: ConfigFile) -> str | None:
    """Return the receiver of what is nobody else's; None if there is none."""
    return file.alertmanager.fallback or (PAGERDUTY if file.pagerduty else None)

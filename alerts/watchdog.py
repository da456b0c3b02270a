"""An alert that always fires: whoever stops hearing of it knows that the chain is broken."""

from __future__ import annotations

from alerts.links import ITSELF_BOARD, link_annotations
from exporters.config import Links
from slo import conventions
from slo.rules import AlertingRule

WATCHDOG = "Watchdog"
WATCHES, SHARDWATCH = "watches", "shardwatch"
"""A label, and what it says of ours: others have an alert of that name, too."""
HEARTBEAT_SECONDS = 60
"""How often its receiver is told: with each flush of its group."""
REPEAT_SECONDS = 50
"""Its ``repeat_interval``. Alertmanager tells again only if more than that has passed since it told
last (notify/notify.go, ``needsUpdate``), and of two flushes the later one may be some milliseconds
early: with 60 s as well, only every second would tell. Above 45 s, after which the second of a mesh
looks (``--cluster.peer-timeout``, 15 s) whose flushes lie in the middle between the first's."""


def watchdog_alert(links: Links) -> AlertingRule:
    """Return the alert; its severity is none of those that wake or busy anybody."""
    return AlertingRule(
        WATCHDOG,
        "vector(1)",
        {conventions.SEVERITY: conventions.NOBODY, WATCHES: SHARDWATCH},
        {
            "summary": "Alerts reach whoever reads this",
            "description": (
                f"Fires always, and is told every {HEARTBEAT_SECONDS} s. Wire it to something "
                "outside that pages when it stops."
            ),
            **link_annotations(links, WATCHDOG, ITSELF_BOARD, ()),
        },
    )

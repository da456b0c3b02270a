"""Alertmanager's configuration: who is told of what, once.

*   ``severity="page"`` wakes somebody, an objective's tickets do not. Causes are told within the
    page that they explain; by themselves they go to the webhook, and to whoever is the fallback.
*   Alerts of an objective go to its owner's receiver, where the configuration knows one.
*   Pages are grouped by cell, or by region where they tell of all of it: what one fault does to a
    cell is one incident, which stays the same when a tier or an objective joins or its cause
    changes (:mod:`alerts.incidents`). Tickets are grouped by objective and cell. Both are routed
    apart, because PagerDuty would add a page to an open ticket under the same key and wake nobody.
*   Causes are grouped by kind and region, so that a lost region is a handful of messages.

Written for Alertmanager 0.25 and later.
"""

from alerts.routing.config import alertmanager_config, alertmanager_fragment

__all__ = ["alertmanager_config", "alertmanager_fragment"]

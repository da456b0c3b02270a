"""Burns of quiet cells: with too few bad events to wake anybody, and still not to be forgotten.

An objective may say how many bad events it takes. With fewer over its long window a tier does not
fire; that it would have is recorded, and is a ticket.
"""

from __future__ import annotations

from alerts.links import objective_link_annotations
from alerts.owners import owner_label
from alerts.templates import cell_text, first_value, listing, matchers
from exporters.config import Links
from slo import conventions
from slo.burn import Tier, burn_factor, format_decimal
from slo.objective import Objective
from slo.rule import cell_labels
from slo.rules import AlertingRule, RecordingRule, bad_events, matching

BURN_SUPPRESSED = "BurnSuppressed"


def burning(objective: Objective, tier: Tier) -> str:
    """Return the expression of a tier's burn: both its windows are above the factor."""
    factor = format_decimal(burn_factor(tier, objective.period_seconds))
    long, short = (
        matching(conventions.BURN_RATE, objective, window=window)
        for window in (tier.long_window, tier.short_window)
    )
    return f"{long} > {factor}\nand ignoring ({conventions.WINDOW})\n{short} > {factor}\n"


def bad_events_of_tier(
    objective: Objective, tier: Tier, scrape_interval_seconds: float, op: str
) -> str:
    """Return the comparison of the bad events over a tier's long window with the fewest it takes.

    Half an event less, for rates count an event as a little more or less than one.

    Args:
        objective: one with a minimum of bad events.
        tier: whose long window.
        scrape_interval_seconds: at which the base is recorded.
        op: ``>=`` for enough, ``<`` for too few.
    """
    count = bad_events(objective, tier.long_seconds, scrape_interval_seconds)
    return f"{count} {op} {objective.minimum_bad_events - 0.5:g}"


def suppressed_state_rule(
    objective: Objective, tier: Tier, scrape_interval_seconds: float
) -> RecordingRule:
    """Return the rule that records whether a tier burns with too few bad events to fire."""
    long = matching(conventions.BURN_RATE, objective, window=tier.long_window)
    few = bad_events_of_tier(objective, tier, scrape_interval_seconds, "<")
    return RecordingRule(
        conventions.SUPPRESSED_STATE,
        f"group without ({conventions.WINDOW}) (\n"
        f"{burning(objective, tier)}and ignoring ({conventions.WINDOW})\n{few}\n)\n"
        f"or\n0 * group without ({conventions.WINDOW}) ({long})",
        {
            conventions.SLO: objective.name,
            conventions.SERVICE: objective.service,
            conventions.BURN_TIER: tier.name,
            conventions.SEVERITY: tier.severity,
        },
    )


def suppressed_alert(objective: Objective, links: Links) -> AlertingRule:
    """Return the ticket for cells in which a tier is suppressed and none fires."""
    cell, labels = cell_labels(objective), objective.grouping_labels
    suppressed = f"{matching(conventions.SUPPRESSED_STATE, objective)} == 1"
    firing = f"{matching(conventions.BURN_STATE, objective)} == 1"
    here = matchers({conventions.SLO: objective.name}, labels)
    tiers = listing(
        f"{conventions.SUPPRESSED_STATE}{{{here}}} == 1",
        labels,
        f"{{{{ .Labels.{conventions.BURN_TIER} }}}}",
        missing="unknown",
        sort_by=conventions.BURN_TIER,
    )
    an_hour = matchers({conventions.SLO: objective.name, conventions.WINDOW: "1h"}, labels)
    bad = first_value(
        f"{conventions.EVENTS_BAD_COUNT}{{{an_hour}}}", labels, 'printf "%.0f"', "unknown"
    )
    return AlertingRule(
        BURN_SUPPRESSED,
        f"group by ({cell}) ({suppressed})\nunless on ({cell})\n{firing}",
        {
            **owner_label(objective),
            **dict(objective.extras(conventions.TICKET).labels),
            conventions.SEVERITY: conventions.TICKET,
        },
        {
            "summary": (
                f"{objective.name} burns its error budget in {cell_text(labels)}, "
                "with few bad events"
            ),
            "description": (
                f"Fewer than {objective.minimum_bad_events} bad events in the window, {bad} of "
                f"them within the last hour, and still too many of the cell's few: over {tiers}."
            ),
            "first_step": "look at the bad events one by one in the router's log: they are few",
            **objective_link_annotations(links, BURN_SUPPRESSED, objective),
        },
    )

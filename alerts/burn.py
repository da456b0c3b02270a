"""Burn alerts: one state for each tier of an objective, and the alert made of it.

A tier's state is 1 while both its windows burn at the factor or faster. It then reads its own
previous value, and holds where its evidence is gone and not its reason:

*   traffic has vanished, or the events cannot be seen (:mod:`alerts.blackout`);
*   nothing has come in the short window, and the long one still burns: no news is no recovery.

An expression does this, and not ``keep_firing_for``, which vmalert 1.79 refuses. The alert's labels
are the series' own; the two that its rule repeats are for readers of the file, and no objective may
be grouped by them.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.blackout import HELD_BLIND_SECONDS, counts_traffic, held_blind
from alerts.causes.cause import Cause
from alerts.exhaustion import budget_gone
from alerts.groups_hit import groups_hit
from alerts.incidents import incident_label
from alerts.links import objective_link_annotations, review_annotation
from alerts.owners import owner_label
from alerts.probable_cause import once_causes_can_be_told, probable_cause
from alerts.quiet import bad_events_of_tier, burning
from alerts.sources import ROUTER, names_causes, shared_labels
from alerts.templates import cell_text, choice, first_value, lookup, matchers
from alerts.tiers_hit import tiers_hit
from exporters import catalog
from exporters.config import Links
from exporters.durations import format_duration
from slo import conventions
from slo.burn import Tier, burn_factor, format_decimal
from slo.objective import Objective
from slo.rules import AlertingRule, RecordingRule, matching

ERROR_BUDGET_BURN = "ErrorBudgetBurn"

NO_CAUSE = "unknown: no cause that shardwatch watches for is at work in this cell"
BLIND_TO_CAUSES = "unknown: nothing is heard of the cell's groups, so neither of what ails them"
"""Where the exporter that would know does not answer."""

FIRST_OF_ALL = "see who is hit and since when: the runbook leads from there"
"""What to do first where no cause is known."""

_TIER_LABELS = (conventions.BURN_TIER, conventions.SEVERITY)


def burn_state_rule(
    objective: Objective, tier: Tier, scrape_interval_seconds: float
) -> RecordingRule:
    """Return the rule that records whether a tier's alert should fire."""
    factor = format_decimal(burn_factor(tier, objective.period_seconds))
    long = matching(conventions.BURN_RATE, objective, window=tier.long_window)
    short = matching(conventions.BURN_RATE, objective, window=tier.short_window)
    before = f"{_state(objective, tier)} == 1"
    held = [held_blind(objective)]
    if counts_traffic(objective):
        held.insert(0, f"{matching(conventions.VANISHED_STATE, objective)} == 1")
    window, no_tier = conventions.WINDOW, ", ".join(_TIER_LABELS)
    enough = ""
    if objective.minimum_bad_events:
        many = bad_events_of_tier(objective, tier, scrape_interval_seconds, ">=")
        enough = f"and ignoring ({window})\n{many}\n"
    return RecordingRule(
        conventions.BURN_STATE,
        f"group without ({window}, {no_tier}) (\n"
        f"{burning(objective, tier)}{enough}"
        f"or\n"
        f"{before}\nand ignoring ({no_tier})\n({' or '.join(held)})\n"
        f"or\n"
        f"{before}\nand ignoring ({window}, {no_tier})\n"
        f"({long} > {factor}\nunless ignoring ({window})\n{short})\n"
        f")\n"
        f"or\n"
        f"0 * group without ({window}) ({long})",
        {
            conventions.SLO: objective.name,
            conventions.SERVICE: objective.service,
            conventions.BURN_TIER: tier.name,
            conventions.SEVERITY: tier.severity,
        },
    )


def burn_alert(
    objective: Objective,
    tier: Tier,
    causes: Sequence[Cause],
    links: Links,
    scrape_interval_seconds: float,
) -> AlertingRule:
    """Return the alert of a tier; a page waits one evaluation for a cause that is not told yet.

    Args:
        objective: whose budget burns.
        tier: whose state it is made of.
        causes: those that can explain it.
        links: bases of the links.
        scrape_interval_seconds: at which states are recorded.
    """
    state = _state(objective, tier)
    extras = objective.extras(tier.severity)
    waited_for = causes if tier.severity == conventions.PAGE and names_causes(objective) else ()
    return AlertingRule(
        ERROR_BUDGET_BURN,
        once_causes_can_be_told(state, objective, waited_for, scrape_interval_seconds),
        {
            **owner_label(objective),
            **incident_label(objective, tier.severity),
            **dict(extras.labels),
            conventions.BURN_TIER: tier.name,
            conventions.SEVERITY: tier.severity,
        },
        {
            "summary": _summary(objective, tier),
            "description": _description(objective, tier),
            "burn_rate": _burn_rates(objective, tier),
            "budget_left": _budget_left(objective),
            "budget_gone": budget_gone(objective, tier),
            **_whom(objective, tier),
            **explanation(objective, causes),
            **objective_link_annotations(links, ERROR_BUDGET_BURN, objective),
            **review_annotation(links, objective.service, objective.name),
            **dict(extras.annotations),
        },
        tier.for_seconds,
    )


def _whom(objective: Objective, tier: Tier) -> dict[str, str]:
    """Return the annotation that says who is hit; only a page's, which is read at once."""
    hit = tiers_hit(objective) if tier.severity == conventions.PAGE else ""
    return {"users_hit": hit} if hit else {}


def explanation(objective: Objective, causes: Sequence[Cause]) -> dict[str, str]:
    """Return the annotations that say what may be at work; none where nothing of ours can be."""
    if not names_causes(objective):
        return {}
    found = probable_cause(objective, causes)
    return {
        "groups_hit": groups_hit(objective.grouping_labels),
        "probable_cause": found.told_by(
            lambda cause: cause.evidence, _no_cause(objective, causes), named=True
        ),
        "cause_since": found.since(),
        "first_step": found.told_by(lambda cause: cause.first_step, FIRST_OF_ALL, named=False),
    }


def _state(objective: Objective, tier: Tier) -> str:
    """Return the selector of a tier's state; a page and a ticket may share a window."""
    labels = {conventions.BURN_TIER: tier.name, conventions.SEVERITY: tier.severity}
    return matching(conventions.BURN_STATE, objective, **labels)


def _no_cause(objective: Objective, causes: Sequence[Cause]) -> str:
    """Return the text for no cause: that there is none, only where somebody looked."""
    if not any(ROUTER in each.explains for each in causes):
        return NO_CAUSE
    labels = shared_labels(catalog.GROUP_STATE, objective.grouping_labels)
    groups = f"{catalog.GROUP_STATE.name}{{{matchers({}, labels)}}} == 1"
    return choice(groups, labels, there=NO_CAUSE, missing=BLIND_TO_CAUSES)


def _summary(objective: Objective, tier: Tier) -> str:
    times = _burn_rate(objective, tier.long_window)
    return (
        f"{objective.name} burns its error budget {times} times too fast in "
        f"{cell_text(objective.grouping_labels)}"
    )


def _description(objective: Objective, tier: Tier) -> str:
    period = format_duration(objective.period_seconds)
    allowed = format_decimal(objective.budget * 100)
    return (
        f"Events go bad {_burn_rate(objective, tier.long_window)} times as often over "
        f"{tier.long_window}, and {_burn_rate(objective, tier.short_window)} times over "
        f"{tier.short_window}, as {period} can bear ({allowed} %). "
        f"Left of the budget: {_budget_left(objective)}.{_held(objective)}"
    )


def _burn_rates(objective: Objective, tier: Tier) -> str:
    factor = format_decimal(burn_factor(tier, objective.period_seconds))
    return (
        f"{_burn_rate(objective, tier.long_window)} over {tier.long_window}, "
        f"{_burn_rate(objective, tier.short_window)} over {tier.short_window}; "
        f"a {tier.severity} above {factor}"
    )


def _burn_rate(objective: Objective, window: str) -> str:
    return _value(objective, conventions.BURN_RATE, 'printf "%.1f"', "unknown", window=window)


def _budget_left(objective: Objective) -> str:
    missing = "unknown, too little of the period was measured"
    return _value(objective, conventions.BUDGET_REMAINING, "humanizePercentage", missing)


def _held(objective: Objective) -> str:
    fixed, labels = {conventions.SLO: objective.name}, objective.grouping_labels
    chosen = matchers(fixed, labels)
    vanished = (
        f"{{{{ if {lookup(f'{conventions.VANISHED_STATE}{{{chosen}}} == 1', labels)} }}}} "
        "Traffic has vanished; the alert holds until it is back.{{ end }}"
    )
    return (vanished if counts_traffic(objective) else "") + (
        f"{{{{ if {lookup(f'{conventions.BLIND_STATE}{{{chosen}}}', labels)} }}}} "
        "Events cannot be seen; the alert holds until they can, for "
        f"{format_duration(HELD_BLIND_SECONDS)} at most.{{{{ end }}}}"
    )


def _value(objective: Objective, series: str, shown: str, missing: str, **fixed: str) -> str:
    labels = objective.grouping_labels
    chosen = matchers({conventions.SLO: objective.name, **fixed}, labels)
    return first_value(f"{series}{{{chosen}}}", labels, shown, missing)

"""Budgets that will be gone, and budgets that are: an annotation of burns, and a ticket.

At a burn rate of 1 a budget is spent in exactly its period, so that of a budget of which the share
``r`` is left, at a burn rate ``b``, all is gone after ``r x period / b``. Source: The Site
Reliability Workbook, chapter 5, https://sre.google/workbook/alerting-on-slos/ ("time to
exhaustion"). Bad events that leave a rolling period meanwhile give some of it back; that is left
aside, for it is little beside a burn that pages, and what they give back is never known before.
"""

from __future__ import annotations

from alerts.links import objective_link_annotations
from alerts.owners import owner_label
from alerts.templates import cell_text, first_value, lookup, matchers
from exporters.config import Links
from exporters.durations import format_duration
from slo import conventions
from slo.burn import Tier
from slo.objective import Objective
from slo.rules import AlertingRule, RecordingRule, matching

BUDGET_EXHAUSTED = "BudgetExhausted"
RECOVERED_SHARE = 0.02
"""Of the budget, that must be left for the ticket to end. Chosen: less comes and goes with single
bad events."""

ALREADY_GONE = "already gone"
UNKNOWN = "unknown"
_MINUTE = 60


def budget_gone(objective: Objective, tier: Tier) -> str:
    """Return a template of when the budget is gone at the long window's rate: ``in 3h40m``.

    Unknown where the budget or the rate is. Whole minutes, one at least. A calendar's period may
    end sooner: then the budget lasts.
    """
    labels = objective.grouping_labels
    budget = _here(objective, conventions.BUDGET_REMAINING)
    rate = _here(objective, conventions.BURN_RATE, window=tier.long_window)
    of_window = f"ignoring ({conventions.WINDOW})"
    left = f"{objective.period_seconds} * {share_of_period(budget, rate, of_window)}"
    minutes = whole_minutes(left)
    # humanizeDuration says 3h 40m 0s; nobody needs the seconds.
    shown = 'humanizeDuration | reReplaceAll " 0s$" "" | reReplaceAll " " ""'
    told = f"{{{{ with {lookup(minutes, labels)} }}}}in {{{{ . | first | value | {shown} }}}}"
    if objective.calendar is not None:
        rest = f"{conventions.PERIOD_END}{{{_slo(objective)}}} - time()"
        later = f"({left}) > on () group_left () ({rest})"
        told = f"{{{{ if {lookup(later, labels)} }}}}not before the period ends{{{{ else }}}}{told}"
    gone = lookup(f"{budget} <= 0", labels)
    ends = "{{ end }}" if objective.calendar is not None else ""
    return (
        f"{{{{ if {gone} }}}}{ALREADY_GONE}{{{{ else }}}}{told}"
        f"{{{{ else }}}}{UNKNOWN}{{{{ end }}}}{ends}{{{{ end }}}}"
    )


def share_of_period(budget: str, rate: str, matching: str) -> str:
    """Return the expression of when a budget is gone at a burn rate, as a share of its period.

    What is left over what is spent; nothing where nothing is spent. Annotations and boards have it
    of here, so that they say the same.

    Args:
        budget: expression of the share of the budget that is left.
        rate: expression of the burn rate.
        matching: how they find each other: ``on (slo, region)``.
    """
    return f"{budget} / {matching} ({rate} > 0)"


def whole_minutes(seconds: str) -> str:
    """Return an expression's seconds in whole minutes, one at least."""
    return f"clamp_min(floor(({seconds}) / {_MINUTE}) * {_MINUTE}, {_MINUTE})"


def has_tickets(objective: Objective) -> bool:
    """Return whether an objective wants tickets of its budget; none has who turned them off.

    One that allows no bad event has no budget: a page tells that it is broken.
    """
    return not objective.is_zero_tolerance and any(
        each.severity == conventions.TICKET for each in objective.tiers
    )


def exhausted_state_rule(objective: Objective) -> RecordingRule:
    """Return the rule that records whether a budget is spent.

    It begins at none left and ends when there is some again. Where too little of the period was
    measured there is no budget, and no state.
    """
    left = matching(conventions.BUDGET_REMAINING, objective)
    before = f"{matching(conventions.EXHAUSTED_STATE, objective)} == 1"
    return RecordingRule(
        conventions.EXHAUSTED_STATE,
        f"group without () (\n{left} <= 0\nor\n({left} < {RECOVERED_SHARE})\nand\n({before})\n)\n"
        f"or\n0 * group without () ({left})",
        {conventions.SLO: objective.name, conventions.SERVICE: objective.service},
    )


def exhausted_alert(objective: Objective, links: Links) -> AlertingRule:
    """Return the ticket for cells whose budget is spent.

    It carries the labels of the objective's tickets, by which these are routed.
    """
    labels = objective.grouping_labels
    left = first_value(
        _here(objective, conventions.BUDGET_REMAINING), labels, "humanizePercentage", UNKNOWN
    )
    period = format_duration(objective.period_seconds)
    return AlertingRule(
        BUDGET_EXHAUSTED,
        f"{matching(conventions.EXHAUSTED_STATE, objective)} == 1",
        {
            **owner_label(objective),
            **dict(objective.extras(conventions.TICKET).labels),
            conventions.SEVERITY: conventions.TICKET,
        },
        {
            "summary": f"{objective.name} has spent its error budget in {cell_text(labels)}",
            "description": (
                f"Left of the budget of {period}: {left}. The ticket ends when more than "
                f"{RECOVERED_SHARE:.0%} are left again."
            ),
            "first_step": "see on the board whether it still burns; put off what is risky",
            **objective_link_annotations(links, BUDGET_EXHAUSTED, objective),
        },
    )


def _slo(objective: Objective) -> str:
    return matchers({conventions.SLO: objective.name}, ())


def _here(objective: Objective, series: str, **fixed: str) -> str:
    """Return the selector of a recorded series in the alert's cell."""
    chosen = matchers({conventions.SLO: objective.name, **fixed}, objective.grouping_labels)
    return f"{series}{{{chosen}}}"

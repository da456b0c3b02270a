"""The rules that shardwatch records the same for every configuration: cells and causes.

What objectives record has the labels that each is grouped by, which only its own rules tell:
``--rules`` names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from alerts.causes.cause import cause_levels, cause_state_rule
from alerts.causes.every import causes
from alerts.cells import cells_group
from alerts.lint.rules import USUAL_SCRAPE_INTERVAL_SECONDS
from exporters.documents import parse_documents
from slo.render import render_groups
from slo.rule import RuleGroup
from slo.rule_reading.files import groups_of
from slo.rule_reading.rules import Rule


def with_ours(rules: Sequence[Rule]) -> list[Rule]:
    """Return rules and those of shardwatch's that record what none of them does."""
    recorded = {each.name for each in rules if not each.is_alert}
    return [*rules, *(each for each in our_rules() if each.name not in recorded)]


@cache
def our_rules() -> tuple[Rule, ...]:
    """Return the rules."""
    interval = USUAL_SCRAPE_INTERVAL_SECONDS
    every = causes(interval)
    states = (*cause_levels(every), *map(cause_state_rule, every))
    groups = [cells_group(interval), RuleGroup("shardwatch-causes", interval, states)]
    text = render_groups(groups, ["shardwatch"])
    (document,) = parse_documents(text, "shardwatch")
    return tuple(rule for _, rules in groups_of(document, text) for rule in rules)

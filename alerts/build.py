"""The files that Prometheus and Alertmanager run on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from alerts.blackout import blind_rule, blind_since_rule, counts_traffic, usual_rules, vanished_rule
from alerts.blackout_alerts import blind_alerts, vanished_alerts
from alerts.burn import burn_alert, burn_state_rule
from alerts.causes.cause import cause_alerts, cause_levels, cause_state_rule
from alerts.causes.every import causes, explaining
from alerts.cells import cells_group
from alerts.collector_file import COLLECTOR_COMMENT, COLLECTOR_PATH, collector_config
from alerts.exhaustion import exhausted_alert, exhausted_state_rule, has_tickets
from alerts.group_names import ALERTS_GROUP, CAUSES_GROUP
from alerts.prometheus_file import prometheus_config
from alerts.quiet import suppressed_alert, suppressed_state_rule
from alerts.routing import alertmanager_config, alertmanager_fragment
from alerts.routing.config import HOW_TO_INCLUDE
from alerts.watch.every import watch_alerts
from alerts.watchdog import watchdog_alert
from alerts.zero_tolerance import zero_tolerance_alert
from exporters.config import Config, ConfigFile, Links
from exporters.generated import header, to_yaml
from slo.calendars import horizon_note
from slo.checks import firing_tiers
from slo.objective import Objective
from slo.objectives import read_objectives
from slo.rule import AlertingRule
from slo.rule_files import AS_PROMETHEUS_TAKES_THEM, RulesForm, rule_files
from slo.rules import RuleGroup, levels_group, objective_group

PROMETHEUS_PATH = "prometheus.yml"
ALERTMANAGER_PATH = "alertmanager.yml"
CELLS_NAME = "cells"
CAUSES_NAME = "causes"
FRAGMENT_PATH = "alertmanager-fragment.yml"
ALERTS_NAME = "alerts"
"""Of the file of the alerts that belong to no single objective."""


def build(config: Config, form: RulesForm = AS_PROMETHEUS_TAKES_THEM) -> dict[str, str]:
    """Return rules and configurations: text by relative path.

    ``rules/slo-NAME.yaml`` holds all rules of an objective, its alerts included, for these must
    follow what they read in the same group. ``rules/cells.yaml`` holds what boards and causes read
    of cells, ``rules/causes.yaml`` the causes, which explain burns of many objectives, and
    ``rules/alerts.yaml`` the alerts about cells and the watch itself.

    Args:
        config: what was configured.
        form: how rules are written.

    Raises:
        InputError: if an objective cannot be read.
    """
    objectives = read_objectives(config)
    sets = list(rule_sets(config, objectives, form))
    files: dict[str, str] = {}
    for each in sets:
        files |= rule_files(each.name, each.groups, each.sources, each.notes, form)
    sources = config.generated_from
    return {
        **files,
        PROMETHEUS_PATH: header(sources) + to_yaml(prometheus_config(config)),
        COLLECTOR_PATH: header(sources) + COLLECTOR_COMMENT + to_yaml(collector_config(config)),
        **_alertmanager(config, objectives, alert_names(sets)),
    }


@dataclass(frozen=True)
class RuleSet:
    """What stands in a rule file."""

    name: str
    groups: tuple[RuleGroup, ...]
    sources: tuple[str, ...]
    """Names of the files that it was made from."""
    notes: tuple[str, ...] = ()
    """Further lines of its header."""


def rule_sets(
    config: Config, objectives: Iterable[Objective], form: RulesForm = AS_PROMETHEUS_TAKES_THEM
) -> Iterator[RuleSet]:
    """Yield all rules by the file that they stand in, whole whatever ``form`` takes of them."""
    every = tuple(objectives)
    names = tuple(each.name for each in config.generated_from)
    for each in every:
        note = horizon_note(each)
        yield RuleSet(
            f"slo-{each.name}",
            objective_groups(each, config, form),
            (*names, *([each.file] if each.file else [])),
            (note,) if note else (),
        )
    yield RuleSet(CELLS_NAME, (cells_group(config.file.prometheus.scrape_interval),), names)
    yield RuleSet(CAUSES_NAME, (causes_group(config),), names)
    yield RuleSet(ALERTS_NAME, (alerts_group(every, config),), names)


def objective_groups(
    objective: Objective, config: Config, form: RulesForm = AS_PROMETHEUS_TAKES_THEM
) -> tuple[RuleGroup, RuleGroup]:
    """Return an objective's two groups: with its alerts, and its slower levels.

    Whole, however few rules ``form`` takes in a group.
    """
    interval = config.file.prometheus.scrape_interval
    return groups_at(objective, interval, config.file.links, form.lag_seconds(interval))


def groups_at(
    objective: Objective, scrape_interval_seconds: float, links: Links, lag_seconds: float = 0
) -> tuple[RuleGroup, RuleGroup]:
    """Return the same, of an objective without a configuration.

    Args:
        objective: whose rules.
        scrape_interval_seconds: at which the base is recorded.
        links: bases of the alerts' links.
        lag_seconds: as in :func:`slo.rules.objective_group`.
    """
    group = objective_group(objective, scrape_interval_seconds, lag_seconds)
    with_alerts = _with_alerts(group, objective, scrape_interval_seconds, links)
    return with_alerts, levels_group(objective, scrape_interval_seconds)


def causes_group(config: Config) -> RuleGroup:
    """Return the group of the causes: levels, the states that read them, the alerts of these."""
    interval, links = config.file.prometheus.scrape_interval, config.file.links
    every = causes(interval, config.file.alertmanager)
    states = (*cause_levels(every), *map(cause_state_rule, every))
    alerts = chain.from_iterable(cause_alerts(each, links) for each in every)
    return RuleGroup(CAUSES_GROUP, interval, states).followed_by(*alerts)


def alerts_group(objectives: Iterable[Objective], config: Config) -> RuleGroup:
    """Return the group of the alerts about cells and the watch itself."""
    interval, links = config.file.prometheus.scrape_interval, config.file.links
    every = list(objectives)
    return RuleGroup(
        ALERTS_GROUP,
        interval,
        (
            *vanished_alerts(every, interval, links),
            *blind_alerts(every, links),
            *(each.rule(links) for each in watch_alerts(every, interval)),
            watchdog_alert(links),
        ),
    )


def _with_alerts(
    group: RuleGroup,
    objective: Objective,
    interval_seconds: float,
    links: Links,
) -> RuleGroup:
    firing = firing_tiers(objective)
    suppressible = firing if objective.minimum_bad_events else []
    explanations = explaining(causes(interval_seconds), objective)
    return group.followed_by(
        *usual_rules(objective),
        blind_rule(objective),
        blind_since_rule(objective),
        *([vanished_rule(objective, interval_seconds)] if counts_traffic(objective) else []),
        *(burn_state_rule(objective, tier, interval_seconds) for tier in firing),
        *(suppressed_state_rule(objective, tier, interval_seconds) for tier in suppressible),
        *([exhausted_state_rule(objective)] if has_tickets(objective) else []),
        *(burn_alert(objective, tier, explanations, links, interval_seconds) for tier in firing),
        *([suppressed_alert(objective, links)] if suppressible else []),
        *([exhausted_alert(objective, links)] if has_tickets(objective) else []),
        *(
            [zero_tolerance_alert(objective, interval_seconds, explanations, links)]
            if objective.is_zero_tolerance
            else []
        ),
    )


def _alertmanager(
    config: Config, objectives: Sequence[Objective], alerts: Iterable[str]
) -> dict[str, str]:
    """Return Alertmanager's configuration, whole and as a fragment."""
    head = header(config.generated_from)
    about = _about(config, objectives)
    fragment = fragment_of(config, objectives, alerts)
    return {
        ALERTMANAGER_PATH: head + to_yaml(alertmanager_config(*about)),
        FRAGMENT_PATH: head + HOW_TO_INCLUDE + to_yaml(fragment),
    }


def fragment_of(
    config: Config,
    objectives: Sequence[Objective],
    alerts: Iterable[str],
    *,
    is_shared: bool = False,
) -> dict[str, Any]:
    """Return what belongs into an Alertmanager's configuration that is there already.

    Args:
        config: the user's configuration.
        objectives: those that it names.
        alerts: names of all alerts that are built.
        is_shared: whether other clusters' fragments are in it.
    """
    return alertmanager_fragment(*_about(config, objectives), alerts, is_shared=is_shared)


def _about(
    config: Config, objectives: Sequence[Objective]
) -> tuple[ConfigFile, Path, str, Sequence[Objective]]:
    return config.file, config.path.parent, config.topology.cluster, objectives


def alert_names(sets: Iterable[RuleSet]) -> list[str]:
    """Return the names of all alerts in rules, those of several rules several times."""
    return [
        rule.alert
        for each in sets
        for group in each.groups
        for rule in group.rules
        if isinstance(rule, AlertingRule)
    ]

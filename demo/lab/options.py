"""How scenarios are played: by which rules, how often is looked, on which cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from demo.engine import Habit
from demo.lab.past import habits_of_cluster
from demo.lab.setting import OBJECTIVES, USUAL
from demo.objectives import AVAILABILITY
from demo.scenario import Scenario
from demo.sim.plan import DEFAULT_GROUPS, DEFAULT_SEED
from demo.stack.files import Timing

OURS = "shardwatch"
HEALTHY_SECONDS = 1800.0
"""Scraped before a scenario begins."""


@dataclass(frozen=True)
class Rules:
    """Rules to be scored."""

    name: str
    files: Sequence[Path]


@dataclass(frozen=True)
class Options:
    """How scenarios are played."""

    timing: Timing = USUAL
    seed: int = DEFAULT_SEED
    groups: int = DEFAULT_GROUPS
    healthy_seconds: float = HEALTHY_SECONDS
    objectives: Sequence[str] = OBJECTIVES
    """As a configuration names them."""
    rules: Rules | None = None
    """Instead of ours."""
    peers: Sequence[Rules] = ()
    """Beside them, on the same readings."""
    alerts_alone: bool = False
    """Whether boards are left out, and the rules on which no alert depends."""
    traffic_ratios: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """By region and model, users in multiples of what is usual there."""

    @property
    def has_boards(self) -> bool:
        """Whether boards are asked: of what our rules record, all of them."""
        return self.rules is None and not self.alerts_alone

    @property
    def habits(self) -> list[Habit]:
        """What the cells of the cluster do while nothing is wrong."""
        return habits_of_cluster(self.groups, self.traffic_ratios)


USUALLY = Options()


def with_users(options: Options, scenario: Scenario) -> Options:
    """Return options with the users that a scenario has where they are not as many as usual."""
    if not scenario.users:
        return options
    usual = {
        (each.labels["region"], each.labels["model"]): each.events_per_second
        for each in habits_of_cluster(options.groups)
        if each.slo == AVAILABILITY
    }
    ratios = {
        (each.region, each.model): each.requests_per_hour / 3600 / usual[each.region, each.model]
        for each in scenario.users
    }
    return replace(options, traffic_ratios={**options.traffic_ratios, **ratios})

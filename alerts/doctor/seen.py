"""What was read and asked, before anybody judges it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exporters.config import Config
from exporters.problems import Problem
from slo import conventions
from slo.objective import Objective
from slo.prometheus import Sample

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Target:
    """What Prometheus scrapes."""

    job: str
    instance: str
    url: str
    is_up: bool | None
    """None before its first scrape."""
    error: str
    """Why the last scrape failed; empty if it did not."""
    interval_seconds: float | None
    """None if the server does not tell, as Prometheus before 2.30."""
    timeout_seconds: float | None
    took_seconds: float
    """Of the last scrape."""


@dataclass(frozen=True)
class Rule:
    """A rule that ``build`` writes, or that a server has loaded."""

    name: str
    """Of the alert, or of the series."""
    is_alert: bool
    expr: str
    labels: Labels = field(default_factory=dict)
    annotations: Labels = field(default_factory=dict)
    for_seconds: float = 0.0
    error: str = ""
    """Of its last evaluation."""


@dataclass(frozen=True)
class Group:
    """A group of rules."""

    file: str
    """As the server calls it; of what is built, the path below its folder."""
    name: str
    interval_seconds: float
    rules: tuple[Rule, ...]
    took_seconds: float = 0.0
    """Of its last evaluation."""
    evaluated_at: float | None = None
    """UNIX seconds of its last evaluation; None if there was none, or nobody tells."""


@dataclass(frozen=True)
class Silence:
    """A silence that holds now."""

    id: str
    matchers: tuple[str, ...]
    """As Alertmanager writes them: ``severity="page"``."""
    author: str
    comment: str
    ends_at: str


@dataclass(frozen=True)
class Alertmanager:
    """What one Alertmanager says."""

    url: str
    error: str = ""
    """Why nothing is known of it; empty if it answered."""
    is_denied: bool = False
    """Whether that is because it does not let us."""
    version: str = ""
    ahead_seconds: float | None = None
    """How far its clock is ahead of ours."""
    up_seconds: float | None = None
    """Since it was started."""
    peers: int | None = None
    """Members of its mesh, itself among them; None if it is in none."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """The configuration that it runs on; secrets are blotted out."""
    alerts: tuple[Labels, ...] = ()
    """Labels of those that fire."""
    silenced: tuple[tuple[Labels, tuple[str, ...]], ...] = ()
    """Labels of those that fire and are held by silences, with the ids of these."""
    silences: tuple[Silence, ...] = ()
    has_reloaded: bool | None = None
    """Whether it runs on what its file says; None if it does not tell."""
    never_told: Mapping[str, float] = field(default_factory=dict)
    """Requests by integration, where every one failed since it started."""


@dataclass(frozen=True)
class Trial:
    """What became of a test page.

    Seconds count from when it was sent, and of its end from when that was sent; None if nothing was
    told in time.
    """

    name: str
    """Whose it is: ``owner serving``."""
    receivers: tuple[str, ...]
    """As Alertmanager itself says where it leads; empty if it has not arrived there."""
    integrations: tuple[str, ...]
    """Kinds of them that are to be told."""
    held_by: str = ""
    """What keeps it from being told; empty if nothing does."""
    failed: tuple[str, ...] = ()
    """Integrations that Alertmanager gave up."""
    told_seconds: float | None = None
    ended_seconds: float | None = None
    waited_seconds: float = 0.0
    """Before it was given up."""


@dataclass(frozen=True)
class Seen:
    """Everything that checks look at."""

    config: Config
    objectives: tuple[Objective, ...]
    built: tuple[Group, ...]
    """What ``build`` writes."""
    now: float
    """By our clock, UNIX seconds."""
    version: str | None = None
    """Of Prometheus. This and what follows is None where the server does not tell it."""
    ahead_seconds: float | None = None
    """How far Prometheus's clock is ahead of ours."""
    has_reloaded: bool | None = None
    """Whether Prometheus runs on what its file says."""
    targets: tuple[Target, ...] | None = None
    groups: tuple[Group, ...] | None = None
    """The rules that it has loaded."""
    sends_to: tuple[str, ...] | None = None
    """``HOST:PORT`` of the Alertmanagers that it knows."""
    server_config: Mapping[str, Any] | None = None
    """What Prometheus runs on."""
    values: Mapping[str, Sequence[Sample]] = field(default_factory=dict)
    """By the expression that was asked for."""
    problems: tuple[Problem, ...] | None = None
    """What is wrong with objectives on this server."""
    alertmanagers: tuple[Alertmanager, ...] = ()
    are_readable: bool | None = True
    """Whether the configurations of the Alertmanagers can be read here; None if one cannot."""
    trials: tuple[Trial, ...] | None = None
    """None if no test page was sent."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Why a part is None, by its name; why an expression has no value."""

    @property
    def url(self) -> str:
        """Prometheus's address."""
        return self.config.file.prometheus.url.rstrip("/")

    @property
    def interval_seconds(self) -> float:
        """The interval of scrapes and of the base, as configured."""
        return self.config.file.prometheus.scrape_interval

    @property
    def external_labels(self) -> Labels:
        """What Prometheus adds to whatever leaves it; none if it does not tell."""
        found = ((self.server_config or {}).get("global") or {}).get("external_labels") or {}
        return {str(name): str(value) for name, value in found.items()}

    def built_alerts(self, severity: str | None = None) -> frozenset[str]:
        """Return the names of the alerts that ``build`` writes, of one severity or of any."""
        return frozenset(
            rule.name
            for group in self.built
            for rule in group.rules
            if rule.is_alert and severity in (None, rule.labels.get(conventions.SEVERITY))
        )

    @property
    def answers(self) -> bool | None:
        """Whether any Alertmanager answers; None if none does."""
        return True if self.answering else None

    @property
    def answering(self) -> tuple[Alertmanager, ...]:
        """The Alertmanagers of which anything is known."""
        return tuple(each for each in self.alertmanagers if not each.error)

    def is_scraped(self, labels: Labels) -> bool:
        """Return whether a series is of a target that is still scraped, as far as anybody knows.

        Prometheus may go on to show the last samples of one that was removed.
        """
        if self.targets is None:
            return True
        return any(
            (each.job, each.instance) == (labels.get("job"), labels.get("instance"))
            for each in self.targets
        )

    def vector(self, expr: str) -> Sequence[Sample]:
        """Return what an expression is; it must have been asked for."""
        return self.values[expr]

"""From alert policies and annotations to the tiers of burn alerts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Context

from exporters.documents import Document, Place
from exporters.durations import format_duration
from exporters.problems import Problem
from slo.burn import Tier
from slo.rules import LONGEST_FROM_BASE_SECONDS
from slo.spec.alerting import AlertCondition, AlertConditionSpec, AlertPolicy, ConditionUse
from slo.spec.annotations import ConditionAnnotations, annotation_key
from slo.spec.openslo import Slo
from slo.spec.pool import Pool, Written
from slo.tiling import STEP_SECONDS
from slo.windows import read_tiers

SHORTEST_SECONDS = 60
"""The shortest base window: nothing can be told of less."""

SHORT_SHARE = 12
"""A short window is a twelfth of the long one: The Site Reliability Workbook, chapter 5."""

_WRITTEN = Context(prec=15)


@dataclass
class TierReader:
    """Makes tiers, and keeps what is wrong with them."""

    pool: Pool
    problems: list[Problem] = field(default_factory=list)

    def read(self, written: Written[Slo], period_seconds: int) -> tuple[Tier, ...]:
        """Return the tiers of an SLO, the fastest first: its policies', or those it chose."""
        slo, document = written.object, written.document
        chosen, zero = slo.metadata.annotations.tiers, slo.metadata.annotations.zero_tolerance
        policies = slo.spec.alert_policies
        place = ("metadata", "annotations", annotation_key("tiers"))
        if zero == "true":
            self._refuse_with_zero_tolerance(slo, document)
            return ()
        if policies and chosen is not None:
            self.problems.append(
                document.problem(
                    place,
                    "found tiers beside alertPolicies, whose conditions are tiers already, "
                    "expected one of them",
                    "remove the annotation or the policies",
                )
            )
        if not policies:
            return read_tiers() if chosen is None else chosen
        return self._of_policies(written, period_seconds)

    @staticmethod
    def are_chosen(slo: Slo) -> bool:
        """Tell whether the author of an SLO says which tiers it has."""
        return bool(slo.spec.alert_policies) or slo.metadata.annotations.tiers is not None

    def _refuse_with_zero_tolerance(self, slo: Slo, document: Document) -> None:
        notes = slo.metadata.annotations
        found: dict[Place, bool] = {
            ("spec", "alertPolicies"): bool(slo.spec.alert_policies),
            ("metadata", "annotations", annotation_key("tiers")): bool(notes.tiers),
            ("metadata", "annotations", annotation_key("minimum_bad_events")): (
                notes.minimum_bad_events > 0
            ),
        }
        self.problems += [
            document.problem(
                place,
                "found what burn alerts need, of an objective with zero tolerance, which has no "
                "budget to burn, expected nothing",
                "remove it; one bad event alerts",
            )
            for place, is_there in found.items()
            if is_there
        ]

    def _of_policies(self, written: Written[Slo], period_seconds: int) -> tuple[Tier, ...]:
        tiers: dict[tuple[int, str], Tier] = {}
        for place, condition in self._conditions(written):
            tier = self._tier(condition, period_seconds)
            if tier is None:
                continue
            key = tier.long_seconds, tier.severity
            if key in tiers:
                self.problems.append(
                    written.document.problem(
                        place,
                        f"found a second {tier.severity} over {tier.name}, expected each "
                        "lookbackWindow once, for it tells the alerts of a severity apart",
                        "change one of them, by a minute if need be",
                    )
                )
            tiers[key] = tier
        return tuple(tier for _, tier in sorted(tiers.items()))

    def _conditions(self, written: Written[Slo]) -> Iterator[tuple[Place, _Condition]]:
        """Yield what an SLO's policies ask for; references that dangle are told elsewhere."""
        for index, use in enumerate(written.object.spec.alert_policies):
            place: Place = ("spec", "alertPolicies", index)
            if use.spec is not None:
                spec, document, inner = use.spec, written.document, (*place, "spec")
            else:
                policy = self.pool.all(AlertPolicy).get(str(use.alert_policy_ref))
                if policy is None:
                    continue
                spec, document, inner = policy.object.spec, policy.document, ("spec",)
            if not spec.alert_when_breaching:
                continue
            for at, each in enumerate(spec.conditions):
                condition = self._condition(each, document, (*inner, "conditions", at))
                if condition is not None:
                    yield place, condition

    def _condition(self, use: ConditionUse, document: Document, place: Place) -> _Condition | None:
        if use.spec is not None and use.metadata is not None:
            return _Condition(use.spec, use.metadata.annotations, document, place)
        written = self.pool.all(AlertCondition).get(str(use.condition_ref))
        if written is None:
            return None
        condition = written.object
        return _Condition(condition.spec, condition.metadata.annotations, written.document, ())

    def _tier(self, written: _Condition, period_seconds: int) -> Tier | None:
        condition = written.spec.condition
        long = condition.lookback_window
        short = written.annotations.short_window or max(SHORTEST_SECONDS, long // SHORT_SHARE)
        before = len(self.problems)
        where = (*written.place, "spec", "condition", "lookbackWindow")
        annotation = (*written.place, "metadata", "annotations", annotation_key("short_window"))
        self._check_window(written.document, where, long)
        if written.annotations.short_window is not None:
            self._check_window(written.document, annotation, short)
        if short >= long:
            self.problems.append(
                written.document.problem(
                    annotation if written.annotations.short_window is not None else where,
                    f"found a short window of {format_duration(short)} for a long one of "
                    f"{format_duration(long)}, expected a shorter one",
                    "lengthen lookbackWindow, or shorten the annotation's",
                )
            )
        if len(self.problems) > before:
            return None
        share = _WRITTEN.divide(condition.threshold * long, period_seconds)
        return Tier(
            written.spec.severity, long, short, share, condition.threshold, condition.alert_after
        )

    def _check_window(self, document: Document, place: Place, seconds: int) -> None:
        step = STEP_SECONDS if seconds > LONGEST_FROM_BASE_SECONDS else SHORTEST_SECONDS
        if seconds % step:
            above = f" above {format_duration(LONGEST_FROM_BASE_SECONDS)}"
            self.problems.append(
                document.problem(
                    place,
                    f"found {format_duration(seconds)}, expected a multiple of "
                    f"{format_duration(step)}{above if step == STEP_SECONDS else ''}",
                    f"take {format_duration(max(step, seconds - seconds % step))}",
                )
            )


@dataclass(frozen=True)
class _Condition:
    spec: AlertConditionSpec
    annotations: ConditionAnnotations
    document: Document
    place: Place
    """Of the object whose ``spec`` it is."""

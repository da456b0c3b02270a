"""When to wake somebody: the objects AlertPolicy, AlertCondition, AlertNotificationTarget."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, model_validator

from exporters.documents import shown
from slo import conventions
from slo.numbers import read_decimal
from slo.spec.objects import (
    ApiVersion,
    ConditionMetadata,
    Description,
    Metadata,
    Reference,
    Strict,
)
from slo.spec.spans import PatienceSeconds, Seconds

SEVERITIES = {
    conventions.PAGE: ("page", "critical", "sev1", "p1"),
    conventions.TICKET: ("ticket", "warning", "sev2", "sev3", "p2", "p3"),
}
"""Words for the two severities that there are."""


def _read_severity(value: Any) -> str:
    for severity, words in SEVERITIES.items():
        if isinstance(value, str) and value.lower() in words:
            return severity
    known = "; ".join(f"{', '.join(words)} ({each})" for each, words in SEVERITIES.items())
    raise ValueError(f"found {shown(value)}, expected one that is known; take one of {known}")


def _read_threshold(value: Any) -> Decimal:
    number: Decimal = read_decimal(value)
    if number <= 0:
        raise ValueError(
            f"found {shown(value)}, expected a burn rate above 0; write 14.4 or the like"
        )
    return number


class BurnRate(Strict):
    """A burn rate that lasts."""

    kind: Literal["burnrate"] = "burnrate"
    """May be left out."""
    op: Literal["lte", "gte", "lt", "gt"]
    """All four mean: burns faster than `threshold`. OpenSLO's examples write `lte` and `gt` for
    what "exceeds", and nobody is to be woken by a budget that does not burn."""
    threshold: Annotated[Decimal, PlainValidator(_read_threshold)]
    """The burn rate: 1 spends the budget in exactly the period."""
    lookback_window: Seconds
    """The long window, whole minutes, whole 5 minutes above 6 h; the label `burn_tier`."""
    alert_after: PatienceSeconds = 0
    """How long it must burn so until the alert fires."""


class AlertConditionSpec(Strict):
    """When an alert fires."""

    description: Description = ""
    severity: Annotated[str, PlainValidator(_read_severity)]
    """`page`, `critical`, `sev1`, `p1`: wake somebody. `ticket`, `warning`, `sev2`, `sev3`, `p2`,
    `p3`: in working hours."""
    condition: BurnRate


class AlertCondition(Strict):
    """A burn alert, which policies may refer to."""

    api_version: ApiVersion
    kind: Literal["AlertCondition"]
    metadata: ConditionMetadata
    spec: AlertConditionSpec


class ConditionUse(Strict):
    """A condition: its name, or itself."""

    condition_ref: Reference | None = None
    """The name of an AlertCondition; or, in its place, `kind`, `metadata` and `spec` of one."""
    kind: Literal["AlertCondition"] | None = None
    """May be left out."""
    metadata: ConditionMetadata | None = None
    spec: AlertConditionSpec | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        _check_use("conditionRef", self.condition_ref, self.kind, self.metadata, self.spec)
        return self


class TargetSpec(Strict):
    """Where notifications go."""

    description: Description = ""
    target: str
    """What it is: `email`, `slack`, `pagerduty`."""


class AlertNotificationTarget(Strict):
    """Somebody to be told. Read and checked; who is told follows from the severity."""

    api_version: ApiVersion
    kind: Literal["AlertNotificationTarget"]
    metadata: Metadata
    spec: TargetSpec


class TargetUse(Strict):
    """A target: its name, or itself."""

    target_ref: Reference | None = None
    """The name of an AlertNotificationTarget; or, in its place, `kind`, `metadata` and `spec`."""
    kind: Literal["AlertNotificationTarget"] | None = None
    """May be left out."""
    metadata: Metadata | None = None
    spec: TargetSpec | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        _check_use("targetRef", self.target_ref, self.kind, self.metadata, self.spec)
        return self


class AlertPolicySpec(Strict):
    """What is alerted on."""

    description: Description = ""
    alert_when_no_data: bool = False
    """Read; vanished traffic is alerted on whatever stands here."""
    alert_when_resolved: bool = False
    """Read; Alertmanager's receivers say whether they are told of an end."""
    alert_when_breaching: bool = True
    """`false` turns the policy's condition off."""
    conditions: Annotated[list[ConditionUse], Field(min_length=1, max_length=1)]
    """OpenSLO allows one: an SLO with several tiers has several policies."""
    notification_targets: tuple[TargetUse, ...] = ()
    """Read and checked; who is told follows from the severity."""


class AlertPolicy(Strict):
    """What is alerted on, which SLOs may refer to."""

    api_version: ApiVersion
    kind: Literal["AlertPolicy"]
    metadata: Metadata
    spec: AlertPolicySpec


class PolicyUse(Strict):
    """A policy: its name, or itself."""

    alert_policy_ref: Reference | None = None
    """The name of an AlertPolicy; or, in its place, `kind`, `metadata` and `spec` of one."""
    kind: Literal["AlertPolicy"] | None = None
    """May be left out."""
    metadata: Metadata | None = None
    spec: AlertPolicySpec | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        _check_use("alertPolicyRef", self.alert_policy_ref, self.kind, self.metadata, self.spec)
        return self


def _check_use(name: str, reference: str | None, *inline: object) -> None:
    is_inline = any(each is not None for each in inline)
    if (reference is not None) == is_inline:
        found, what = ("both", "keep") if is_inline else ("neither", "add")
        raise ValueError(
            f"found {found} of {name} and an object written out, expected one of them; {what} one"
        )
    if is_inline and any(each is None for each in inline[1:]):
        raise ValueError("found an object without metadata and spec, expected both; add them")

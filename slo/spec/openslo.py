"""What OpenSLO v1 files may hold: every kind and every field; anything else is refused.

What OpenSLO has no field for stands in annotations (:mod:`slo.spec.annotations`). Source:
https://github.com/OpenSLO/OpenSLO, version 1.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator

from exporters.documents import shown
from slo.numbers import Number, Percent, ShareOrAll, read_decimal
from slo.spec.alerting import (
    AlertCondition,
    AlertNotificationTarget,
    AlertPolicy,
    PolicyUse,
)
from slo.spec.metrics import DataSource, InlineSli, Sli
from slo.spec.objects import (
    ApiVersion,
    Description,
    Reference,
    ServiceMetadata,
    SloMetadata,
    Strict,
)
from slo.spec.spans import Period, SliceSeconds, Span, read_local_time


def _read_target(value: Any) -> Decimal:
    number: Decimal = read_decimal(value)
    if not 0 < number <= 1:
        hint = "write percent as targetPercent" if 1 < number <= 100 else "write 0.999"
        raise ValueError(f"found {shown(value)}, expected a share above 0 and below 1; {hint}")
    return number


def _read_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # no such zone, a folder of them, no name of any
        raise ValueError(
            f"found {shown(name)}, expected the IANA name of a time zone; write it in full, such "
            "as America/New_York"
        ) from None
    return name


class ServiceSpec(Strict):
    """What a service says of itself."""

    description: Description = ""


class Service(Strict):
    """What objectives are promised for."""

    api_version: ApiVersion
    kind: Literal["Service"]
    metadata: ServiceMetadata
    spec: ServiceSpec = ServiceSpec()


class CalendarStart(Strict):
    """Where a calendar's periods begin."""

    start_time: Annotated[str, AfterValidator(read_local_time)]
    """When one period began, local, `2026-01-01 00:00:00`."""
    time_zone: Annotated[str, AfterValidator(_read_zone)]
    """The IANA name of a time zone, `America/New_York`."""


class TimeWindow(Strict):
    """The period of a budget."""

    duration: Period
    """Rolling: whole hours, a day at least; `1M`, `1Q` and `1Y` are 30, 91 and 365 days. Of a
    calendar: weeks, months, quarters or years, `1M`."""
    is_rolling: bool = False
    """`true`; or left out, beside `calendar`."""
    calendar: CalendarStart | None = None
    """Without it, `isRolling: true` must be said."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.is_rolling == (self.calendar is not None):
            found, what = ("both", "keep") if self.is_rolling else ("neither", "add")
            raise ValueError(
                f"found {found} of isRolling: true and calendar, expected one of them; {what} one"
            )
        if self.calendar is not None and self.duration.unit is None:
            raise ValueError(
                f"found {shown(self.duration.text)} with a calendar, expected weeks, months, "
                "quarters or years; write 1M for a month"
            )
        return self


class Target(Strict):
    """The promise itself."""

    display_name: str = ""
    """For people. Where an SLO has several objectives, a name such as `fast` is the end of the
    objective's name (`chat-fast`); any other gives way to a number (`chat-1`)."""
    op: Literal["lte", "gte", "lt", "gt"] | None = None
    """How a value that is good compares with `value`. With a ratio, `gt` or `gte` may stand there,
    and says nothing."""
    value: Number | None = None
    """Of thresholdMetric alone."""
    target: Annotated[Decimal, PlainValidator(_read_target)] | None = None
    """The share of good events, above 0 and below 1; 1 with zero tolerance. Held exactly."""
    target_percent: Percent | None = None
    """The same in percent."""
    time_slice_target: ShareOrAll | None = None
    """With Timeslices: the share of good events that makes a slice good."""
    time_slice_window: SliceSeconds | None = None
    """With time slices: the length of one, a minute or longer; without a unit, minutes."""
    indicator: InlineSli | None = None
    """Of an SLO of several indicators (composite), in the place of the SLO's own. Each objective
    has its budget; there is none of them together."""
    indicator_ref: Reference | None = None
    """The name of an SLI, in the place of one."""
    composite_weight: Number | None = None
    """1, or nothing: no budget is weighed against another."""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.target is None) == (self.target_percent is None):
            found, what = ("neither", "add") if self.target is None else ("both", "keep")
            raise ValueError(
                f"found {found} of target and targetPercent, expected one of them; {what} one"
            )
        return self

    @property
    def share(self) -> Decimal:
        """Return the target, however it was written."""
        share = self.target if self.target is not None else self.target_percent
        if share is None:
            raise ValueError("a target is one of two")
        return share


ROLLING_4_WEEKS = TimeWindow.model_construct(
    duration=Span("28d", 28 * 86400), is_rolling=True, calendar=None
)


class SloSpec(Strict):
    """What an SLO promises."""

    description: Description = ""
    service: Reference
    """The name of a Service: the label `service` of all series."""
    indicator: InlineSli | None = None
    """An SLI written out."""
    indicator_ref: Reference | None = None
    """The name of an SLI, in the place of one."""
    time_window: Annotated[list[TimeWindow], Field(min_length=1, max_length=1)] = Field(
        default_factory=lambda: [ROLLING_4_WEEKS]
    )
    """One. Without it: 28 days, rolling."""
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"]
    """Events are budgeted as they occur; or slices of time are, each good or bad by its share of
    good events; or each as bad as its share of bad ones."""
    objectives: Annotated[list[Target], Field(min_length=1)]
    """Each has a budget of its own."""
    alert_policies: Annotated[
        tuple[PolicyUse, ...], BeforeValidator(lambda value: [] if value is None else value)
    ] = ()
    """Each condition is a tier of burn alerts, in the place of the usual ones."""


class Slo(Strict):
    """A promise about a service."""

    api_version: ApiVersion
    kind: Literal["SLO"]
    metadata: SloMetadata
    spec: SloSpec


Object = DataSource | Service | Sli | Slo | AlertPolicy | AlertCondition | AlertNotificationTarget

KINDS: dict[str, type[Object]] = {
    "DataSource": DataSource,
    "Service": Service,
    "SLI": Sli,
    "SLO": Slo,
    "AlertPolicy": AlertPolicy,
    "AlertCondition": AlertCondition,
    "AlertNotificationTarget": AlertNotificationTarget,
}
"""The model of each kind."""


def kind_of(data: Any) -> str | None:
    """Return the kind that a document says it is, if it is one that is understood."""
    kind = data.get("kind") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) and kind in KINDS else None

"""The arithmetic of burn rates, exact: factors, what a tier can catch, how long that takes.

A burn rate of 1 spends the error budget in exactly the period. Source of the windows and of the
formulae: Google, The Site Reliability Workbook, chapter 5, "6: Multiwindow, Multi-Burn-Rate
Alerts", https://sre.google/workbook/alerting-on-slos/
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal

from exporters.durations import format_duration

_EXACT = Context(prec=50)
_WRITTEN = Context(prec=15)
"""A float64 holds 15 significant digits, so that nothing longer is of use to Prometheus."""


@dataclass(frozen=True)
class Tier:
    """One tier of burn alerts: it fires while both windows burn at the factor or faster."""

    severity: str
    """``conventions.PAGE`` or ``conventions.TICKET``."""
    long_seconds: int
    short_seconds: int
    """Makes the alert end soon after the burn does."""
    budget_share: Decimal = Decimal(0)
    """Share of the period's budget that is spent when it fires, 0 to 1; nothing where ``factor``
    says when it does."""
    factor: Decimal | None = None
    """The burn rate at which it fires, whatever the period, where it was chosen. Taken as it is."""
    for_seconds: int = 0
    """How long it must burn so until the alert fires; the windows do that work already."""

    @property
    def name(self) -> str:
        """Return the label ``burn_tier``: the long window, ``1h``."""
        return format_duration(self.long_seconds)

    @property
    def long_window(self) -> str:
        """Return the label ``window`` of the long window's burn rate."""
        return format_duration(self.long_seconds)

    @property
    def short_window(self) -> str:
        """Return the label ``window`` of the short window's burn rate."""
        return format_duration(self.short_seconds)


def burn_factor(tier: Tier, period_seconds: int) -> Decimal:
    """Return the burn rate at which a tier fires: its own factor, or what its share makes of it.

    The latter is max(1, share x period / long window): at least 1, for a smaller burn leaves some
    of the budget. It grows with the period: so that no burn above 1 escapes, the slowest tier of
    the workbook has a factor of its own.
    """
    if tier.factor is not None:
        return tier.factor
    factor = _EXACT.divide(
        _EXACT.multiply(tier.budget_share, Decimal(period_seconds)), Decimal(tier.long_seconds)
    )
    return max(Decimal(1), _WRITTEN.plus(factor))


def error_ratio_needed(tier: Tier, target: Decimal, period_seconds: int) -> Decimal:
    """Return the error ratio above which a tier fires: factor x (1 - target)."""
    return burn_factor(tier, period_seconds) * (1 - target)


def can_fire(tier: Tier, target: Decimal, period_seconds: int) -> bool:
    """Tell whether a tier can fire at all: even an outage is an error ratio of 1, no more."""
    return error_ratio_needed(tier, target, period_seconds) < 1


def theory_seconds(
    tier: Tier, error_ratio: Decimal, target: Decimal, period_seconds: int
) -> Decimal | None:
    """Return how long a constant error ratio must last until a tier can fire; None if never.

    After healthy traffic at the same rate: long window x factor x (1 - target) / error ratio. No
    alert can be sooner without firing at a smaller burn as well.
    """
    needed = error_ratio_needed(tier, target, period_seconds)
    if error_ratio <= needed:
        return None
    return _WRITTEN.divide(tier.long_seconds * needed, error_ratio)


def budget_remaining(bad: Decimal, total: Decimal, target: Decimal) -> Decimal | None:
    """Return the share of the error budget left after ``bad`` of ``total`` events; None if none.

    1 while nothing was spent, 0 when all of it is, below 0 when overspent.
    """
    if total <= 0:
        return None
    return 1 - _WRITTEN.divide(bad, (1 - target) * total)


def format_decimal(number: Decimal) -> str:
    """Return a number as plain digits for PromQL, without an exponent and without idle zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text

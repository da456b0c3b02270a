"""``shardwatch review report``: a period of a service, read out of the record and written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from exporters.problems import InputError, problem
from slo.review.audit import changed_since
from slo.review.figures import review_figures
from slo.review.policy import OURS, Policy, read_policy
from slo.review.reading import known_services, read_budgets, read_history, record_begins
from slo.review.reviewed_period import ReviewedPeriod, parse_period, period_before

PERIODS_BEFORE = 4
"""That the trend goes over."""


def read_figures(
    engine: Engine, service: str, period: str, now: float, policy_file: Path | None = None
) -> dict[str, Any]:
    """Return the figures of a service's review.

    Args:
        engine: of a record of our version.
        service: as objectives name it.
        period: such as ``2026-W47``.
        now: UNIX seconds; what is later is not reviewed.
        policy_file: of error budgets; ours, if None.

    Raises:
        InputError: if the period is none, has not begun or was over before the service's record
            begins, the record does not know the service, or the policy cannot be read.
    """
    reviewed = reviewable(period, now)
    policy = read_policy(policy_file or OURS)
    services = known_services(engine)
    if service not in services:
        there = ", ".join(services) or "none: `shardwatch review serve --config` reads them"
        found = f"the record knows no service {service!r}"
        raise InputError([problem("--service", found, fix=f"take one of: {there}")])
    check_recorded(engine, service, reviewed)
    return figures_of(engine, service, reviewed, now, policy)


def figures_of(
    engine: Engine,
    service: str,
    reviewed: ReviewedPeriod,
    now: float,
    policy: Policy,
    *,
    entry: int | None = None,
) -> dict[str, Any]:
    """Return the figures of a service's review.

    Args:
        engine: of a record of our version.
        service: that it knows.
        reviewed: the period.
        now: UNIX seconds; what is later is not reviewed.
        policy: of error budgets.
        entry: of the audit; what people changed after it is as it was. None for as it is now.
    """
    with engine.connect() as connection:
        since = changed_since(connection, entry)
    before: list[ReviewedPeriod] = []
    for _ in range(PERIODS_BEFORE):
        before.append(period_before(before[-1] if before else reviewed))
    return review_figures(
        reviewed,
        read_history(engine, service, reviewed, now, since),
        [(each, read_budgets(engine, service, each, now, since)) for each in before],
        policy,
    )


def check_recorded(
    engine: Engine, service: str, period: ReviewedPeriod, place: str = "--period"
) -> None:
    """Make sure that a period was not over before the record of a service begins.

    Raises:
        InputError: if it was; it says at which place it was found.
    """
    with engine.connect() as connection:
        begins = record_begins(connection, service)
    if begins is not None and period.end <= begins:
        shown = datetime.fromtimestamp(begins, UTC).strftime("%Y-%m-%dT%H:%MZ")
        found = f"found {period.name!r}, which was over before the record of {service} begins"
        raise InputError([problem(place, found, fix=f"name one since {shown}")])


def reviewable(text: str, now: float, place: str = "--period") -> ReviewedPeriod:
    """Return a period that has begun at a time, UNIX seconds.

    Raises:
        InputError: if the text names none, or one before 1970, or one that has not begun; it says
            at which place it was found.
    """
    try:
        period = parse_period(text)
    except ValueError as error:
        raise InputError([problem(place, str(error))]) from None
    if period.start < 0:
        raise InputError([problem(place, f"found {text!r}, expected one since 1970")])
    if period.start >= now:
        found = f"found {text!r}, which has not begun"
        raise InputError([problem(place, found, fix="name one that has")])
    return period

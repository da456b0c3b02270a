"""Answers, as probes see them: wrong ones, and none at all where users are too few to tell.

No counter of an engine knows whether its answers are right. Probes put the same prompts to all
groups of a revision (:mod:`exporters.probe`); one that answers otherwise, twice, computes wrong
numbers or runs other weights.
"""

from __future__ import annotations

from alerts.causes.canaries import revision_levels
from alerts.causes.cause import Cause, Sight
from alerts.causes.places import IN_CELL, by
from alerts.sources import ROUTER
from alerts.templates import first_value, listing, matchers
from exporters import catalog
from slo import conventions

ANSWERS_DISAGREE = "AnswersDisagree"
ANSWERS_WRONG = "AnswersWrong"
PROBES_FAILING = "ProbesFailing"

LARGE_SHARE = 0.2
"""Of a cell's groups that answer otherwise: the share of its users who get wrong answers, fast, and
which no other alert will ever notice. Chosen: below it the group can wait for the morning, and the
router can do without it at once."""
QUIET_REQUESTS = 5
"""Within five minutes, from which on users themselves tell that a cell is down (60 an hour).
Chosen: of a 99.9 % objective's fastest page 8 failures are enough, at one a minute."""
DISAGREEING_SECONDS = 60.0
"""For so long groups disagree before anybody is told. Chosen: a group that changes its revision is
compared with its new peers by its old answers until it was probed again."""
FAILING_SECONDS = 300.0
"""All groups of a cell have failed their probes for so long: a restart takes less."""

_SIGHT = Sight("probe", catalog.PROBE_UP.name, catalog.GROUP_LABELS)
_CELL = by(catalog.CELL_LABELS)
_DISAGREES = catalog.PROBE_DISAGREES.name
_OUT_OF_ROUTER = (
    "take group {{ .Labels.group }} out of the router, and replace the GPU or the weights that "
    "compute wrongly"
)


def answer_causes(window_seconds: float) -> tuple[Cause, ...]:
    """Return the causes that probes see.

    Args:
        window_seconds: the base window.
    """
    disagreeing = f"{_DISAGREES} == 1\nunless on ({by(catalog.GROUP_LABELS)})\n{_elsewhere()}"
    large = (
        f"count by ({_CELL}) ({disagreeing})\n/\ncount by ({_CELL}) ({catalog.PROBE_UP.name})\n"
        f">= {LARGE_SHARE:g}"
    )
    return (
        Cause(
            name=ANSWERS_WRONG,
            rank=150,
            explains=(ROUTER,),
            state=(
                f"group by ({by(catalog.GROUP_LABELS)}) ({disagreeing})\n"
                f"and on ({_CELL})\n({large})"
            ),
            state_labels=catalog.GROUP_LABELS,
            sight=_SIGHT,
            evidence="group {{ .Labels.group }} answers otherwise than most of its revision",
            first_step=_OUT_OF_ROUTER,
            labels=catalog.CELL_LABELS,
            summary="A large share of the answers is wrong " + IN_CELL,
            description=(
                f"{_share_told()} of the cell's groups answer probes otherwise than most groups of "
                f"their revision: {_groups_told(ANSWERS_WRONG)}. Nothing else shows it."
            ),
            severity=conventions.PAGE,
            for_seconds=DISAGREEING_SECONDS,
        ),
        Cause(
            name=ANSWERS_DISAGREE,
            rank=140,
            explains=(ROUTER,),
            state=f"group by ({by(catalog.GROUP_LABELS)}) ({disagreeing})",
            state_labels=catalog.GROUP_LABELS,
            sight=_SIGHT,
            evidence="group {{ .Labels.group }} answers otherwise than most of its revision",
            first_step=_OUT_OF_ROUTER,
            labels=catalog.GROUP_LABELS,
            summary="Group {{ $labels.group }} answers otherwise than the others " + IN_CELL,
            description=(
                "Prompts that get other answers from group {{ $labels.group }} than from most "
                f"groups of its revision, twice: {_prompts(catalog.PROBE_DISAGREEING.name)} of "
                f"{_prompts(catalog.PROBE_COMPARED.name)}."
            ),
            for_seconds=DISAGREEING_SECONDS,
        ),
        _probes_failing(window_seconds),
    )


def _elsewhere() -> str:
    """Return the groups that run another revision than their topology says, as in a roll-out.

    Their answers are compared with those of groups that run other weights.
    """
    weights, told = catalog.WEIGHTS_INFO.name, catalog.GROUP_INFO.name
    return f"({weights} unless on ({by((*catalog.GROUP_LABELS, catalog.REVISION))}) {told})"


def _probes_failing(window_seconds: float) -> Cause:
    users = (
        f"sum by ({_CELL}) ({conventions.REVISION_EVENTS}"
        f'{{{catalog.REASON}="error"}}) >= {QUIET_REQUESTS}'
    )
    not_yet = f'{catalog.PROBE_REASON.name}{{{catalog.REASON}="not_yet"}} == 1'
    on_purpose = f'{catalog.GROUP_STATE.name}{{{catalog.STATE}=~"starting|sleeping"}} == 1'
    here = matchers({}, catalog.CELL_LABELS)
    reasons = listing(
        f"count by ({catalog.REASON}) ({catalog.PROBE_REASON.name}{{{here}}} == 1)",
        catalog.CELL_LABELS,
        f"{{{{ .Labels.{catalog.REASON} }}}}",
        missing="unknown",
        sort_by=catalog.REASON,
    )
    return Cause(
        name=PROBES_FAILING,
        rank=120,
        explains=(ROUTER,),
        state=(
            f"group by ({_CELL}) (\nmax by ({_CELL}) ({catalog.PROBE_UP.name}) == 0\n"
            f"unless on ({_CELL}) ({users})\n"
            f"unless on ({_CELL}) ({not_yet})\n"
            f"unless on ({_CELL}) ({on_purpose})\n"
            # Users are only known to be few where their router is seen, or where there is none.
            f"and on ({catalog.CLUSTER}, {catalog.REGION}) ({catalog.ROUTER_UP.name} == 1\n"
            f"or {catalog.GROUP_ROUTER_MISSING.name} == 1)\n)"
        ),
        state_labels=catalog.CELL_LABELS,
        sight=Sight("probe", catalog.PROBE_UP.name, catalog.CELL_LABELS),
        evidence=("no group of {{ .Labels.model }} in region {{ .Labels.region }} answers probes"),
        first_step="send {{ .Labels.model }} of region {{ .Labels.region }} elsewhere",
        labels=catalog.CELL_LABELS,
        summary="Nobody answers, and few users ask " + IN_CELL,
        description=(
            f"Every group of the cell fails its probes: {reasons}. There are too few users for an "
            "objective to tell."
        ),
        severity=conventions.PAGE,
        incident=conventions.OF_CELL,
        for_seconds=FAILING_SECONDS,
        levels=revision_levels(window_seconds),
    )


def _share_told() -> str:
    here = matchers({}, catalog.CELL_LABELS)
    return first_value(
        f"count({_DISAGREES}{{{here}}} == 1) / count({catalog.PROBE_UP.name}{{{here}}})",
        catalog.CELL_LABELS, "humanizePercentage", missing="An unknown share",
    )  # fmt: skip


def _groups_told(cause: str) -> str:
    here = matchers({conventions.CAUSE: cause}, catalog.CELL_LABELS)
    return listing(
        f"{conventions.CAUSE_STATE}{{{here}}}",
        catalog.CELL_LABELS,
        f"{{{{ .Labels.{catalog.GROUP} }}}}",
        missing="unknown",
        sort_by=catalog.GROUP,
    )


def _prompts(series: str) -> str:
    here = matchers({}, catalog.GROUP_LABELS)
    return first_value(f"{series}{{{here}}}", catalog.GROUP_LABELS, 'printf "%.0f"', "unknown")

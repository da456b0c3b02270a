"""What is owed beyond answers: all is read by the safety filter.

Users notice nothing where it is not. Like all of :mod:`alerts.causes.governance`, it is told by
series that services of yours may have as the demo's has.
"""

from __future__ import annotations

from alerts.causes.cause import Cause
from alerts.causes.governance import GOV, ROUTERS, counted_from_birth
from alerts.causes.places import IN_CELL, by, with_reason
from alerts.causes.windows import increases, short_window
from alerts.sources import GOVERNANCE
from alerts.templates import choice, first_value, matchers
from exporters import catalog
from slo import conventions

SAFETY_BYPASSED = "SafetyBypassed"
GOV_SAFETY_BYPASSED = "GovSafetyBypassed"

MOST_BYPASSED_RATIO = 0.01
"""Share of the checks that were not made. Chosen; a filter that is well bypasses none."""
MOST_UNASKED_RATIO = 0.05
"""Share of the answers that the filter was never asked about. Chosen: counters of two parts are
read at different moments."""
FEWEST_BYPASSED = 10
"""Within five minutes. Chosen. Of a government's one is enough."""
FEWEST_ANSWERS = 200
"""Within five minutes. Chosen."""

_CELL = by(catalog.CELL_LABELS)
_STAGE_LABELS = (*catalog.CELL_LABELS, catalog.STAGE)
_CHECKS = catalog.SAFETY_CHECKS.name


def safety_causes(window_seconds: float) -> tuple[Cause, ...]:
    """Return the causes in the safety filter.

    Args:
        window_seconds: the base window.
    """
    return (
        _bypassed(
            GOV_SAFETY_BYPASSED,
            window_seconds,
            rank=325,
            where="and",
            is_one_enough=True,
            whose="governments' requests",
            # Read by law or contract, and what passed cannot be taken back.
            severity=conventions.PAGE,
        ),
        _bypassed(
            SAFETY_BYPASSED,
            window_seconds,
            rank=320,
            where="unless",
            is_one_enough=False,
            whose="requests",
            # The library's objective of coverage pages, once it burns; this says why.
            severity=conventions.TICKET,
        ),
    )


def _many(bypassed: str, window: str) -> str:
    """Return the stages of which many checks were bypassed, and a large share of them."""
    every = increases(_CHECKS, _STAGE_LABELS, window)
    return (
        f"{bypassed}\n/\n{every}\n> {MOST_BYPASSED_RATIO:g}\nand\n{bypassed} >= {FEWEST_BYPASSED}"
    )


def _bypassed(
    name: str,
    window_seconds: float,
    *,
    rank: int,
    where: str,
    is_one_enough: bool,
    whose: str,
    severity: str,
) -> Cause:
    """Return the cause that the filter lets requests pass, of cells with a government's or without.

    Checks have no tier: a cell with a government's requests is taken for one of theirs.
    """
    window = short_window(window_seconds)
    unmade = f'{_CHECKS}{{{catalog.VERDICT}="bypassed"}}'
    bypassed = f"sum by ({by(_STAGE_LABELS)}) ({counted_from_birth(unmade, window)})"
    enough = f"{bypassed} > 0" if is_one_enough else _many(bypassed, window)
    read_answers = increases(f'{_CHECKS}{{{catalog.STAGE}="output"}}', catalog.CELL_LABELS, window)
    answers = increases(
        f'{catalog.ROUTER_REQUESTS.name}{{{catalog.OUTCOME}="ok"}}', catalog.CELL_LABELS, window
    )
    here = matchers({}, catalog.CELL_LABELS)
    unmade_here = f'{_CHECKS}{{{catalog.VERDICT}="bypassed",{here}}}'
    passed = f"sum({counted_from_birth(unmade_here, window)})".replace("\n", " ")
    every = f"sum(increase({_CHECKS}{{{here}}}[{window}]))"
    share = first_value(
        f"{passed} / {every}", catalog.CELL_LABELS, "humanizePercentage", "an unknown share"
    )
    number = first_value(passed, catalog.CELL_LABELS, 'printf "%.0f"', "an unknown number")
    read = f'sum(increase({_CHECKS}{{{catalog.STAGE}="output",{here}}}[{window}]))'
    answered = f'{catalog.ROUTER_REQUESTS.name}{{{catalog.OUTCOME}="ok",{here}}}'
    asked = first_value(
        f"{read} / sum(increase({answered}[{window}]))",
        catalog.CELL_LABELS, "humanizePercentage", "none",
    )  # fmt: skip
    gov = f'{catalog.ROUTER_REQUESTS.name}{{{catalog.TIER}="{GOV}"}}'
    # Since the router counts: a page must not end between two of their requests.
    are_theirs = f"\n{where} on ({_CELL})\nsum by ({_CELL}) ({gov}) > 0"
    return Cause(
        name=name,
        rank=rank,
        explains=(GOVERNANCE,),
        state=(
            "(\n"
            + with_reason(
                f"group by ({by(_STAGE_LABELS)}) (\n{enough}\n)",
                "bypassed",
            )
            + "\nor\n"
            + with_reason(
                f"group by ({_CELL}) (\n"
                f"1 - {read_answers}\n/\n({answers} >= {FEWEST_ANSWERS})\n"
                f"> {MOST_UNASKED_RATIO:g}\n)",
                "unasked",
            )
            + f"\n){are_theirs}"
        ),
        state_labels=catalog.CELL_LABELS,
        sight=ROUTERS,
        evidence=(
            "the safety filter of {{ .Labels.model }} in region {{ .Labels.region }} is "
            f"{{{{ .Labels.{catalog.REASON} }}}}"
        ),
        first_step=(
            "let {{ .Labels.model }} in region {{ .Labels.region }} fail closed, or give the "
            "filter more room"
        ),
        labels=catalog.CELL_LABELS,
        summary=f"The safety filter lets {whose} pass unread {IN_CELL}",
        severity=severity,
        description=_told(
            name,
            bypassed=f"Checks bypassed within {window}: {number}, {share} of all. ",
            unasked=f"Within {window} the filter was asked about {asked} of the answers.",
        ),
    )


def _told(name: str, **by_reason: str) -> str:
    """Return a template of what is said for each reason of a cause in the alert's cell."""
    told = ""
    for reason, text in by_reason.items():
        fixed = {conventions.CAUSE: name, catalog.REASON: reason}
        state = f"{conventions.CAUSE_STATE}{{{matchers(fixed, catalog.CELL_LABELS)}}}"
        told += choice(state, catalog.CELL_LABELS, there=text, missing="")
    return told

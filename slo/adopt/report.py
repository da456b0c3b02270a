"""What adoption found, as Markdown: for the terminal, and to be kept beside the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from exporters.sections import table
from exporters.topology import expected_gpus
from slo.adopt.dialects import dialects_of
from slo.adopt.found import Found
from slo.adopt.placing import Placed
from slo.adopt.proposing import CellRecord, Kept, Proposal
from slo.adopt.raw import Kind
from slo.adopt.saying import Doubt, Guess, LeftOut, counted, first_of, last_days
from slo.adopt.without import find_stands, missed_table, stands_table
from slo.burn import format_decimal

MOST_ROWS = 50
"""Of a table; the rest are counted."""


@dataclass(frozen=True)
class Adopted:
    """All that is reported."""

    found: Found
    placed: Placed
    doubts: tuple[Doubt, ...]
    proposals: tuple[Proposal, ...]


def write_summary(adopted: Adopted) -> str:
    """Return what somebody who waits for it wants to know: counts, doubts, what has no place."""
    return "\n".join(
        (
            _counts(adopted),
            *_section("Doubts", _doubts_table(adopted.doubts)),
            *_section("What has no place", _left_table(adopted.placed.notes.left_out)),
            *_section("What was kept so far", _proposals_text(adopted.proposals)),
        )
    )


def write_report(adopted: Adopted) -> str:
    """Return everything, as a document."""
    found, notes = adopted.found, adopted.placed.notes
    stands = find_stands(found, [each.indicator for each in adopted.proposals])
    return "\n".join(
        (
            f"# Adopted from {found.url}\n",
            _counts(adopted),
            *_section("Doubts", _doubts_table(adopted.doubts)),
            *_section("What has no place", _left_table(notes.left_out)),
            *_section("How it was worked out", _guesses_table(notes.guesses)),
            *_section("What was kept so far", _proposals_text(adopted.proposals)),
            *_section("Without our exporters", stands_table(stands)),
            missed_table(),
            *_section("Next", _next()),
        )
    )


def _section(title: str, text: str) -> tuple[str, ...]:
    return (f"## {title}\n", text) if text else ()


def _counts(adopted: Adopted) -> str:
    found, topology = adopted.found, adopted.placed.topology
    gpus = sum(1 for _ in expected_gpus(topology))
    cells = sorted({(each.region, each.model) for each in topology.groups})
    spoken = dialects_of(found, adopted.placed.engines)
    versions = ", ".join(f"{name} ({count:,})" for name, count in sorted(spoken.items()))
    size = (
        f"{counted(len(topology.groups), 'group')} of {counted(len(found.engines), 'engine')}, "
        f"{gpus:,} of {counted(len(found.gpus), 'GPU')}, "
        f"{counted(len(topology.routers), 'router')}, "
        f"{counted(len(topology.tools), 'tool gateway')}"
    )
    lines = [
        f"cluster {topology.cluster}: {size}",
        f"regions and models: {first_of([f'{region} {model}' for region, model in cells])}",
        f"names of vLLM: {versions}",
        *(f"not asked: {each}" for each in found.unasked),
    ]
    return "".join(f"- {each}\n" for each in lines)


def _doubts_table(doubts: Sequence[Doubt]) -> str:
    return _table(("about", "found", "what to do"), ((e.about, e.found, e.to_do) for e in doubts))


def _left_table(left: Sequence[LeftOut]) -> str:
    rows = ((each.kind, each.what, each.why, each.to_do) for each in sorted(left))
    return _table(("", "what", "why", "what to do"), rows)


def _guesses_table(guesses: Sequence[Guess]) -> str:
    rows = (
        (each.what, each.by, each.sureness.value, f"{each.count:,}", each.example)
        for each in guesses
    )
    return _table(("what", "by", "how sure", "how many", "such as"), rows)


def _proposals_text(proposals: Iterable[Proposal]) -> str:
    return "\n".join(part for each in proposals for part in _proposal(each))


def _proposal(proposal: Proposal) -> Iterator[str]:
    history, indicator = proposal.history, proposal.indicator
    what = "availability" if indicator.kind is Kind.AVAILABILITY else (
        f"first token within {indicator.threshold_seconds:g} s"
    )  # fmt: skip
    seen, looked = history.days_seen, history.days
    days = f"{counted(seen, 'day')} of {last_days(looked)} with data"
    said = f"{what}, on series of {indicator.stands_on}: {days}"
    if proposal.is_short:
        said += ", which is short: look again after a week"
    if history.by_moments:
        said += "; by differences of counters, without the last hours of series that ended"
    yield f"{said}.\n"
    notes = (*history.notes, *(f"not seen: {each}" for each in indicator.lacks))
    yield "".join(f"- {each}\n" for each in notes)
    rows = [
        _kept_row(record, kept, is_proposed=kept.target == record.proposed)
        for record in proposal.records
        for kept in record.kept
    ]
    met = "days met" if history.span_days == 1 else f"spans of {history.span_days} days met"
    head = ("region", "model", "target", "events", met, "budget left", "")
    if rows:
        yield _table(head, rows)
    chosen = "; ".join(
        f"{_percent(target)} for {first_of(models) if models else 'every model'}"
        for target, models in proposal.targets
    )
    usual = "" if rows else ", which is usual"
    yield f"Written: {chosen}{usual}.\n"


def _kept_row(record: CellRecord, kept: Kept, *, is_proposed: bool) -> tuple[str, ...]:
    said = "proposed" if is_proposed else "" if kept.is_met else "not met"
    if not kept.is_tellable:
        said = "too few events to tell"
    return (
        record.region,
        record.model,
        _percent(kept.target),
        f"{record.events:,.0f}, {record.bad:,.0f} bad",
        f"{kept.spans_met} of {kept.spans}",
        f"{kept.budget_left_ratio:.0%}",
        said,
    )


def _next() -> str:
    return (
        "1. `shardwatch validate`, after what is marked above has been corrected.\n"
        "2. `shardwatch build -o out`: rules, routes and boards, and `NEXT.md` with the lines to "
        "paste.\n"
        "3. The exporters, when somebody wants what is missed without them: then `exporters:` and "
        "`objectives:` in `shardwatch.yaml`.\n\n"
        "The topology is what there is now. Where pods come and go under new names, as of a "
        "Deployment, let `topology:` be service discovery instead (README, Use it on a cluster).\n"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    every = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    if not every:
        return ""
    rest = f"\n... and {len(every) - MOST_ROWS:,} more\n" if len(every) > MOST_ROWS else ""
    return table(head, every[:MOST_ROWS]) + rest


def _percent(target: Decimal) -> str:
    return f"{format_decimal(target * 100)} %"

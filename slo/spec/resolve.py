"""From OpenSLO documents to objectives: references followed, annotations read, queries checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from exporters.documents import Place, shown
from exporters.problems import InputError, Problem
from slo.objective import Calendar, Objective
from slo.spec.annotations import annotation_key
from slo.spec.extras import alert_extras, wrong_with_label
from slo.spec.indicators import IndicatorReader, WrittenSli
from slo.spec.metrics import InlineSli, Sli
from slo.spec.objects import NAME
from slo.spec.openslo import Slo, Target, TimeWindow
from slo.spec.pool import Pool, Source, Written, read_pool
from slo.spec.references import wrong_references
from slo.spec.slices import SlicesReader
from slo.spec.tiers import TierReader

__all__ = ["Source", "resolve_objectives"]

SERVICE_UNDEFINED = "service-undefined"
"""The id of the check."""

_ZERO_TOLERANCE = annotation_key("zero_tolerance")


def resolve_objectives(sources: Iterable[Source]) -> tuple[Objective, ...]:
    """Return the objectives that documents hold, sorted by name. There may be none.

    References reach across all of the documents; their order does not matter.

    Raises:
        InputError: with everything that is wrong in any of them.
    """
    pool = read_pool(sources)
    resolver = _Resolver(pool, [*pool.problems, *wrong_references(pool)])
    objectives = [
        objective
        for _, written in sorted(pool.all(Slo).items())
        for objective in resolver.resolve(written)
    ]
    if resolver.problems:
        raise InputError(resolver.problems)
    return tuple(sorted(objectives, key=lambda each: each.name))


@dataclass
class _Resolver:
    pool: Pool
    problems: list[Problem]
    named: dict[str, Written[Slo]] = field(default_factory=dict)
    """The SLO that has an objective, by the objective's name."""

    def resolve(self, written: Written[Slo]) -> Iterator[Objective]:
        slo, document = written.object, written.document
        window = slo.spec.time_window[0]
        period_seconds = window.duration.seconds
        tiers = TierReader(self.pool, self.problems).read(written, period_seconds)
        for index, (name, target) in enumerate(zip(_names(slo), slo.spec.objectives, strict=True)):
            before = len(self.problems)
            place: Place = ("spec", "objectives", index)
            self._check_name(written, name, place)
            self._check_target(written, target, place)
            self._check_alert_labels(written)
            slices = SlicesReader(self.problems).read(written, index, period_seconds)
            sli = self._sli(written, target, place)
            if sli is None:
                continue
            indicators = IndicatorReader(self.pool, self.problems)
            indicator = indicators.read(sli, target, document, place)
            if indicator is None or len(self.problems) > before:
                continue
            told = sorted((*self._service_notes(written), *indicators.notes))
            own, notes = len(slo.spec.objectives) > 1, slo.metadata.annotations
            title = slo.metadata.display_name or slo.metadata.name
            where: Place = place if own else ("metadata", "name")
            yield Objective(
                name=name,
                service=slo.spec.service,
                target=target.share,
                period_seconds=period_seconds,
                grouping_labels=notes.grouping_labels,
                indicator=indicator,
                slices=slices,
                calendar=_calendar(window),
                tiers=tiers,
                has_chosen_tiers=TierReader.are_chosen(written.object),
                minimum_bad_events=notes.minimum_bad_events,
                names_causes=None if notes.causes is None else notes.causes == "true",
                traffic=notes.traffic,
                alert_extras=alert_extras(
                    (notes.page_labels, notes.page_annotations),
                    (notes.ticket_labels, notes.ticket_annotations),
                ),
                title=f"{title}: {target.display_name or index + 1}" if own else title,
                description=" ".join(slo.spec.description.split()),
                owner=notes.owner,
                file=written.file,
                line=document.positions.get(where, (0, 0))[0],
                column=document.positions.get(where, (0, 0))[1],
                notes=tuple(told),
            )

    def _service_notes(self, written: Written[Slo]) -> Iterator[Problem]:
        """Yield that there is no Service, where there is none of any name: OpenSLO asks for one."""
        name = written.object.spec.service
        if name not in self.pool.names["Service"]:
            yield written.document.problem(
                ("spec", "service"),
                f"found the service {shown(name)}, and no Service of any name",
                f"add one: {{apiVersion: openslo/v1, kind: Service, metadata: {{name: {name}}}}}",
                SERVICE_UNDEFINED,
            )

    def _check_name(self, written: Written[Slo], name: str, place: Place) -> None:
        """Refuse what no label can hold, and two objectives that would record the same series."""
        document = written.document
        if not NAME.fullmatch(name):
            self.problems.append(
                document.problem(
                    place,
                    f"the objective would be called {shown(name)}, expected 63 characters at most",
                    "shorten the SLO's name, or the objective's displayName",
                )
            )
        first = self.named.get(name)
        if first is None:
            self.named[name] = written
        else:
            self.problems.append(
                document.problem(
                    place,
                    f"the objective would be called {shown(name)}, and record the same series as "
                    f"another of SLO {shown(first.object.metadata.name)} in {first.file}, expected "
                    "each name once",
                    "change the displayName of one, or the name of its SLO",
                    "equal-series",
                )
            )

    def _check_alert_labels(self, written: Written[Slo]) -> None:
        notes = written.object.metadata.annotations
        for field_name in ("page_labels", "ticket_labels"):
            place = ("metadata", "annotations", annotation_key(field_name))
            for name, _ in getattr(notes, field_name):
                wrong = wrong_with_label(name, notes.grouping_labels)
                if wrong:
                    fix, check = "give the label another name", "label-overwritten"
                    self.problems.append(written.document.problem(place, wrong, fix, check))

    def _check_target(self, written: Written[Slo], target: Target, place: Place) -> None:
        document, notes = written.document, written.object.metadata.annotations
        is_all, zero = target.share == 1, notes.zero_tolerance == "true"
        where = (*place, "target" if target.target is not None else "targetPercent")
        if is_all and not zero:
            self.problems.append(
                document.problem(
                    where,
                    "found 100 %, which leaves no budget to burn, expected a share above 0 and "
                    "below 1, such as 0.999",
                    f'lower it, or add the annotation {_ZERO_TOLERANCE}: "true": then there is no '
                    "budget and no burn rate, and one bad event breaks the promise",
                    "no-budget",
                )
            )
        elif zero and not is_all:
            self.problems.append(
                document.problem(
                    where,
                    f"found {_percent(target.share)} % with {_ZERO_TOLERANCE}, expected 100 %",
                    "raise the target to 1, or remove the annotation",
                )
            )
        if target.composite_weight is not None and target.composite_weight != 1:
            self.problems.append(
                document.problem(
                    (*place, "compositeWeight"),
                    f"found the composite weight {target.composite_weight}, which OpenSLO knows "
                    "and shardwatch does not weigh by: each objective has a budget of its own",
                    "remove it",
                )
            )

    def _sli(self, written: Written[Slo], target: Target, place: Place) -> WrittenSli | None:
        """Return an objective's own indicator, or its SLO's; None if it is told as a problem."""
        spec, document = written.object.spec, written.document
        of_slo, of_objective = (
            (spec.indicator, spec.indicator_ref),
            (
                target.indicator,
                target.indicator_ref,
            ),
        )
        given = [each for each in (*of_slo, *of_objective) if each is not None]
        if len(given) != 1:
            found = "neither of" if not given else "more than one of"
            self.problems.append(
                document.problem(
                    place if any(each is not None for each in of_objective) else ("spec",),
                    f"found {found} indicator and indicatorRef, expected one of them, of the SLO "
                    "or of each of its objectives",
                    "add one" if not given else "keep one",
                )
            )
            return None
        [one] = given
        if isinstance(one, InlineSli):
            outer = ("spec",) if one is spec.indicator else place
            return WrittenSli(one.spec, document, (*outer, "indicator", "spec"))
        sli = self.pool.all(Sli).get(one)
        return WrittenSli(sli.object.spec, sli.document, ("spec",)) if sli is not None else None


def _names(slo: Slo) -> Iterator[str]:
    """Yield the names of an SLO's objectives: its own, or its own with an end each."""
    name, objectives = slo.metadata.name, slo.spec.objectives
    for index, target in enumerate(objectives):
        end = target.display_name if NAME.fullmatch(target.display_name) else str(index + 1)
        yield f"{name}-{end}" if len(objectives) > 1 else name


def _calendar(window: TimeWindow) -> Calendar | None:
    if window.calendar is None or window.duration.unit is None:
        return None
    return Calendar(
        window.duration.unit,
        window.duration.count,
        window.calendar.start_time,
        window.calendar.time_zone,
    )


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"

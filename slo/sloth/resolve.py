"""From Sloth's specs to objectives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic.alias_generators import to_camel

from exporters.documents import Document, Place
from exporters.problems import InputError, Problem, check_of
from slo.objective import Objective, Ratio
from slo.sloth.alerts import AlertReader
from slo.sloth.model import Group, Resource, Slo, Spec
from slo.sloth.names import rfc1123
from slo.sloth.queries import QueryError, ReadIndicator, read_error_ratio, read_events
from slo.spec.buckets import BOUND_MISSING, unknown_bound, wrong_with_bounds
from slo.spec.extras import ADDED_LABELS
from slo.spec.objects import NAME
from slo.spec.pool import Source
from slo.windows import read_tiers

DEFAULT_PERIOD_SECONDS = 30 * 86400
"""Of Sloth's command: its specs do not say how long a budget lasts."""

_OWNERS = ("owner", "team")
"""Labels that say who answers for an objective."""


@dataclass(frozen=True)
class Imported:
    """An objective, with what OpenSLO asks for beyond it."""

    objective: Objective
    is_counter: bool
    """OpenSLO's ``counter`` of a ratio."""
    labels: tuple[tuple[str, str], ...]
    """Of the service and the SLO, sorted."""


def resolve_sloth(
    sources: Iterable[Source],
    *,
    period_seconds: int = DEFAULT_PERIOD_SECONDS,
    renamed_labels: Mapping[str, str] | None = None,
) -> tuple[Imported, ...]:
    """Return the objectives that Sloth's documents hold, sorted by name.

    They are called SERVICE-NAME, which is Sloth's own id of them, in the letters that OpenSLO
    allows.

    Args:
        sources: documents of which :func:`slo.sloth.model.is_sloth` is true.
        period_seconds: of every budget; whole hours.
        renamed_labels: new names of alerts' labels, by the old, see
            :attr:`slo.sloth.alerts.AlertReader.renamed`.

    Raises:
        InputError: with everything that is wrong in any of them.
    """
    found: dict[str, Imported] = {}
    problems: list[Problem] = []
    for source in sources:
        try:
            group, place = _read_group(source.document)
        except InputError as error:
            problems += error.problems
            continue
        for index, slo in enumerate(group.slos):
            reader = _Reader(source, group, slo, (*place, "slos", index), renamed_labels or {})
            imported = reader.read(period_seconds)
            problems += reader.problems
            if imported is None:
                continue
            name = imported.objective.name
            if name in found:
                problems.append(reader.second(found[name].objective))
            else:
                found[name] = imported
    if problems:
        raise InputError(problems)
    return tuple(found[name] for name in sorted(found))


def _read_group(document: Document) -> tuple[Group, Place]:
    """Return the service's promises and the place where their fields are."""
    if "apiVersion" in document.data:
        return document.parse(Resource).spec, ("spec",)
    return document.parse(Spec), ()


@dataclass
class _Reader:
    source: Source
    group: Group
    slo: Slo
    place: Place
    renamed_labels: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def read(self, period_seconds: int) -> Imported | None:
        slo, group = self.slo, self.group
        name = self._name()
        read = self._indicator()
        if read is None or self.problems:
            return None
        self._check_grouping(read)
        alerts = AlertReader(
            self.source.document,
            group,
            slo,
            self.place,
            read.grouping_labels,
            self.renamed_labels,
        )
        extras = alerts.read()
        self.problems += alerts.problems
        self._note_plugins()
        if self.problems:
            return None
        labels = {**group.labels, **slo.labels}
        tiers = tuple(each for each in read_tiers() if each.severity in alerts.severities)
        objective = Objective(
            name=name,
            service=rfc1123(group.service),
            target=slo.objective.scaleb(-2),
            period_seconds=period_seconds,
            grouping_labels=read.grouping_labels,
            indicator=read.indicator,
            tiers=tiers,
            has_chosen_tiers=tiers != read_tiers(),
            alert_extras=extras,
            title=f"{group.service} {slo.name}",
            description=" ".join(slo.description.split()),
            owner=next((labels[each] for each in _OWNERS if each in labels), ""),
            file=self.source.file,
            line=self.source.document.positions.get((*self.place, "name"), (0, 0))[0],
            column=self.source.document.positions.get((*self.place, "name"), (0, 0))[1],
            notes=(*self.notes, *sorted(alerts.lost)),
        )
        return Imported(objective, read.is_counter, tuple(sorted(labels.items())))

    def second(self, first: Objective) -> Problem:
        return self._problem(
            ("name",),
            f"the objective would be called {first.name!r}, as another in {first.file}, expected "
            "each once",
            "rename or remove one of them",
            "equal-series",
        )

    def _name(self) -> str:
        name = rfc1123(f"{self.group.service}-{self.slo.name}")
        if not NAME.fullmatch(name):
            self.problems.append(
                self._problem(
                    ("name",),
                    f"the objective would be called {name!r}, expected 63 characters at most",
                    "shorten its name or that of the service",
                )
            )
        return name

    def _indicator(self) -> ReadIndicator | None:
        sli = self.slo.sli
        if sli.plugin is not None:
            self.problems.append(self._plugin(sli.plugin.id))
            return None
        try:
            if sli.raw is not None:
                read = read_error_ratio(sli.raw.error_ratio_query)
                side = "error_ratio_query"
            elif sli.events is not None:
                read = read_events(sli.events.error_query, sli.events.total_query)
                side = "error_query"
            else:
                raise TypeError("the model has one of the three")
            _check_bounds(read, side)
        except ValueError as error:
            side = error.side if isinstance(error, QueryError) else "error_ratio_query"
            fix = "" if "; " in str(error) else "correct the query"
            place, check = self._place_of(side), check_of(error)
            self.problems.append(self._problem(place, str(error), fix, check))
            return None
        return read

    def _place_of(self, query: str) -> Place:
        kind = "raw" if self.slo.sli.raw is not None else "events"
        query = query if kind == "events" else "error_ratio_query"
        in_camel = "apiVersion" in self.source.document.data
        return ("sli", kind, to_camel(query) if in_camel else query)

    def _check_grouping(self, read: ReadIndicator) -> None:
        for label in read.grouping_labels:
            if label in ADDED_LABELS:
                self.problems.append(
                    self._problem(
                        ("sli",),
                        f"found queries by the label {label!r}, which the rules add themselves and "
                        "would overwrite",
                        "sum by other labels",
                    )
                )

    def _plugin(self, plugin: str) -> Problem:
        return self._problem(
            ("sli", "plugin"),
            f"found the SLI plugin {plugin!r}, which is code that only Sloth can run, expected "
            "events or raw",
            "take the query that it makes from the rule slo:sli_error:ratio_rate5m in what sloth "
            "generate writes, and put it under raw with [{{.window}}] in place of [5m]",
        )

    def _note_plugins(self) -> None:
        in_camel = "apiVersion" in self.source.document.data
        group_place = (*self.place[:-2], "sloPlugins" if in_camel else "slo_plugins")
        for plugins, place in (
            (self.group.slo_plugins, group_place),
            (self.slo.plugins, (*self.place, "plugins")),
        ):
            if plugins.chain or plugins.override_previous:
                ids = ", ".join(each.id for each in plugins.chain) or "none"
                self.notes.append(
                    self.source.document.problem(
                        place,
                        f"found SLO plugins ({ids}), which only Sloth can run: what they add to "
                        "the rules is not there",
                        "write rules of your own beside ours",
                    )
                )

    def _problem(self, place: Place, message: str, fix: str = "", check: str = "") -> Problem:
        return self.source.document.problem((*self.place, *place), message, fix, check)


def _check_bounds(read: ReadIndicator, side: str) -> None:
    """Refuse buckets that our exporters do not serve, and several of any histogram.

    Raises:
        QueryError: of ``side``, or of the total.
    """
    indicator = read.indicator
    if not isinstance(indicator, Ratio) or not read.is_counter:
        wrongs = [(side, unknown_bound(each)) for each in indicator.expressions]
    else:
        wrongs = [
            ("total_query", wrong_with_bounds(indicator.total, is_total=True)),
            *(
                (side, wrong_with_bounds(each, is_total=False))
                for each in indicator.expressions[1:]
            ),
        ]
    for where, wrong in wrongs:
        if wrong:
            raise QueryError(where, wrong, BOUND_MISSING)

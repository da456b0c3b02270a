"""Whom a series of a router concerns: labels of theirs as bounded labels of ours."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import product
from typing import TypeAlias
from urllib.parse import urlsplit

from exporters import catalog
from exporters.catalog import Family
from exporters.exposition import Series
from exporters.folding import Folder
from exporters.page import Labels
from exporters.router.dialect import RouterDialect, Rule
from exporters.router.revisions import Revisions
from exporters.topology import Router, Topology

FOLDED = (
    catalog.MODEL, catalog.REVISION, catalog.TIER, catalog.OUTCOME, catalog.ATTEMPT, catalog.PHASE,
    catalog.STAGE, catalog.VERDICT, catalog.HOME_REGION, catalog.GROUP, catalog.HASH,
)  # fmt: skip
"""Labels of which values outside their sets are counted."""

_TIERS = (*catalog.TIERS, catalog.PROBE_TIER)
_SPARE = 1024
"""Series beyond twice those of a page that are remembered before all are forgotten."""
_Folds: TypeAlias = tuple[tuple[str, str], ...]
"""Labels and their values that became ``other``."""
_HASH = re.compile(r"[0-9A-Za-z._:-]{1,64}")


class Labeller:
    """Makes the labels of one router's series.

    Args:
        topology: bounds models, revisions, groups and regions.
        router: whose region's cells they are.
        dialect: says which labels of theirs mean what.
        folder: counts what is outside.
    """

    def __init__(
        self, topology: Topology, router: Router, dialect: RouterDialect, folder: Folder
    ) -> None:
        self._dialect = dialect
        self._folder = folder
        self._place = {
            catalog.CLUSTER: topology.cluster,
            catalog.REGION: router.region,
            catalog.ROUTER: router.name,
        }
        here = [group for group in topology.groups if group.region == router.region]
        revisions: dict[str, tuple[str, ...]] = {}
        for group in here:
            known = revisions.get(group.model, ())
            if group.revision not in known:
                revisions[group.model] = (*known, group.revision)
        self._models = frozenset(revisions)
        self._revisions = Revisions(revisions, learns=dialect.learns_revisions)
        self._served = {urlsplit(group.metrics).netloc: group for group in here}
        self._names = router.names
        self._groups = frozenset(group.name for group in here)
        self._regions = tuple(sorted({group.region for group in topology.groups}))
        self._hashes: dict[str, str] = {}
        self._known: defaultdict[Rule, dict[Series, tuple[Labels | None, _Folds]]]
        """By rule, labels of series, which pages repeat, and what was folded."""
        self._known = defaultdict(dict)
        self._used = 0
        self._folds: list[tuple[str, str]] = []
        self._zeros: dict[Rule, tuple[Labels, ...]] = {}
        self._values: Mapping[str, tuple[str, ...]] = {
            catalog.HOME_REGION: self._regions,
        }

    def begin(self, page: Iterable[Series]) -> None:
        """Begin a page: revisions and weights may be others than on the one before."""
        self._hashes = {}
        names = self._dialect.revision
        told = {labels.get(name, "") for _, labels in page for name in names}
        is_gone = self._revisions.begin(told)
        if is_gone:
            self._zeros = {}
        if is_gone or sum(map(len, self._known.values())) > 2 * self._used + _SPARE:
            self._known.clear()
        self._used = 0

    def take_over(self, earlier: Labeller) -> None:
        """Go on with the revisions that an earlier labeller of the router has learnt."""
        self._revisions.take_over(earlier._revisions)

    def labels(self, rule: Rule, series: Series) -> Labels | None:
        """Return labels of the rule's family for a series of theirs; None if it does not count."""
        self._used += 1
        known = self._known[rule].get(series)
        if known is None:
            self._folds = []
            known = (self._make(rule, series.labels), tuple(self._folds))
            if rule.family is not catalog.WEIGHTS_INFO:
                self._known[rule][series] = known
        for fold in known[1]:
            self._folder.count(*fold)
        return known[0]

    def _fold(self, label: str, value: str, allowed: Container[str]) -> str:
        if value in allowed:
            return value
        self._folds.append((label, value))
        return catalog.OTHER

    def _make(self, rule: Rule, given: Mapping[str, str]) -> Labels | None:
        last = self._last_label(rule, given)
        if last is None:
            return None
        model, revision = self._model_and_revision(given)
        known = {
            **self._place,
            catalog.MODEL: model,
            catalog.REVISION: revision,
            **rule.fixed,
            **last,
        }
        return tuple(
            known[label] if label in known else self._bounded(rule, label, given)
            for label in rule.family.labels
        )

    def zeros(self, rule: Rule) -> tuple[Labels, ...]:
        """Return the labels of all series of the rule's family that may come to be."""
        if rule not in self._zeros:
            self._zeros[rule] = tuple(self._make_zeros(rule))
        return self._zeros[rule]

    def _make_zeros(self, rule: Rule) -> Iterator[Labels]:
        tiers = _TIERS if self._dialect.tier else (catalog.OTHER,)
        choices: list[tuple[str, ...]] = []
        for label in rule.family.labels:
            if label in (*self._place, catalog.MODEL, catalog.REVISION):
                continue
            if label == catalog.TIER:
                choices.append(tiers)
            else:
                choices.append(self._values.get(label) or rule.options(label))
        cells = [
            {**self._place, catalog.MODEL: model, catalog.REVISION: revision}
            for model, revision in self._cells(rule.family)
        ]
        for cell, rest in product(cells, product(*choices)):
            left = iter(rest)
            yield tuple(
                cell[label] if label in cell else next(left) for label in rule.family.labels
            )

    def _cells(self, family: Family) -> Iterator[tuple[str, str]]:
        tells = (
            self._dialect.revision
            or self._dialect.server
            or any(each.revision for each in self._names.values())
        )
        for model in sorted(self._models):
            revisions = self._revisions.of(model)
            if catalog.REVISION not in family.labels:
                yield model, ""
            elif tells or len(revisions) == 1:
                yield from ((model, revision) for revision in revisions)
            else:
                yield model, catalog.OTHER

    def _model_and_revision(self, given: Mapping[str, str]) -> tuple[str, str]:
        server = given.get(self._dialect.server, "") if self._dialect.server else ""
        group = self._served.get(urlsplit(server).netloc or server)
        name = next((given[each] for each in self._dialect.model if given.get(each)), "")
        meant = self._names.get(name)
        if group is not None and meant is None and name not in self._models:
            # Users' names for a model are many; the engine that served it is one of ours.
            return group.model, group.revision
        model = self._fold(catalog.MODEL, meant.model if meant else name, self._models)
        if group is not None and group.model == model:
            return model, group.revision
        told = next((given[each] for each in self._dialect.revision if given.get(each)), "")
        return model, self._revision(model, name, told)

    def _revision(self, model: str, name: str, told: str) -> str:
        """Return the revision of a model that a router calls ``name`` and whose target ``told``."""
        revisions = self._revisions.of(model)
        for each in (told, name):
            meant = self._names.get(each)
            if meant and meant.revision:
                return self._fold(catalog.REVISION, meant.revision, revisions)
        if told and told not in (name, model):
            return self._told_revision(model, told)
        # It does not tell: the only one, or nobody knows which.
        known = self._revisions.of_topology(model)
        return known[0] if len(known) == 1 else catalog.OTHER

    def _told_revision(self, model: str, told: str) -> str:
        """Return a revision that a router calls by its name, if there is room for it."""
        if told not in self._revisions.of(model):
            if not self._revisions.learn(model, told):
                return self._fold(catalog.REVISION, told, ())
            self._zeros = {}
        return told

    def _last_label(self, rule: Rule, given: Mapping[str, str]) -> Mapping[str, str] | None:
        """Return the label that ``rule.source`` says, if there is one; None: not to be counted."""
        if not rule.source:
            return {}
        label, told = rule.family.labels[-1], given.get(rule.source, "")
        meant = rule.values.get(told, told if rule.default == "" else rule.default)
        if meant is None:
            return None
        return {label: self._fold(label, meant, rule.options(label))}

    def _bounded(self, rule: Rule, label: str, given: Mapping[str, str]) -> str:
        told = given.get(label, "")
        if label == catalog.TIER:
            if not self._dialect.tier:
                return catalog.OTHER
            return self._fold(label, told, _TIERS)
        if label == catalog.GROUP:
            return self._fold(label, told, self._groups)
        if label == catalog.HASH:
            return self._hash(given.get(catalog.GROUP, ""), told)
        return self._fold(label, told, self._values.get(label) or rule.options(label))

    def _hash(self, group: str, told: str) -> str:
        """Return the hash of a group's weights: it has one."""
        if group in self._groups and _HASH.fullmatch(told):
            first = self._hashes.setdefault(group, told)
            if first == told:
                return told
        self._folds.append((catalog.HASH, told))
        return catalog.OTHER

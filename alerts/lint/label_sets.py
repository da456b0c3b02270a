"""What is known of the labels of an expression's elements, before anybody evaluates it.

``__name__`` is never among them: PromQL matches and aggregates without it unless it is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alerts.lint.names import Names

Constants = frozenset[tuple[str, str]]
Closed = frozenset[tuple[str, frozenset[str]]]

NAME = "__name__"


@dataclass(frozen=True)
class LabelSet:
    """The labels that each element has for sure, may have, or can never have."""

    sure: frozenset[str]
    may: Names
    """Those that an element may have, the sure ones included; all others are on none."""
    constants: Constants = frozenset()
    """Labels with the one value that they have on each element that has them."""
    closed: Closed = frozenset()
    """Labels with all values that they can have, as the catalogue has them."""

    @property
    def is_known(self) -> bool:
        """Whether every label that there may be can be listed."""
        return not self.may.is_open

    def constant(self, label: str) -> str | None:
        """Return the one value that a label has; None if it may have several."""
        return dict(self.constants).get(label)

    def values(self, label: str) -> frozenset[str] | None:
        """Return all values that a label can have, if the catalogue says them; None if not."""
        return dict(self.closed).get(label)

    def kept(self, names: Names) -> LabelSet:
        """Return the labels that are left where only these are kept."""
        return made(names.among(self.sure), self.may & names, self.constants, self.closed)

    def with_label(
        self,
        name: str,
        *,
        is_sure: bool,
        constant: str | None = None,
        values: frozenset[str] | None = None,
    ) -> LabelSet:
        """Return them with one label set anew, on all elements or on some.

        Args:
            name: of the label.
            is_sure: whether all elements have it.
            constant: the one value that it has, if so.
            values: all values that it can have, if the catalogue says them.
        """
        others = {(label, value) for label, value in self.constants if label != name}
        fixed = {(name, constant)} if constant is not None else set()
        sure = self.sure | {name} if is_sure else self.sure
        closed = {each for each in self.closed if each[0] != name}
        closed |= {(name, values)} if values is not None else set()
        return made(sure, self.may | Names.of([name]), others | fixed, closed)

    def without_label(self, name: str) -> LabelSet:
        """Return them without one label."""
        return self.kept(Names.but([name]))


ANYTHING = LabelSet(frozenset(), Names.but([NAME]))
"""Of series that nobody knows."""
NO_LABELS = LabelSet(frozenset(), Names.of([]))
"""Of ``sum(...)``, of ``vector(1)``."""


def made(
    sure: Iterable[str],
    may: Names,
    constants: Iterable[tuple[str, str]] = (),
    closed: Iterable[tuple[str, frozenset[str]]] = (),
) -> LabelSet:
    """Return a set of labels; values of labels that are on no element are left out."""
    may = may - Names.of([NAME])
    return LabelSet(
        may.among(sure),
        may,
        frozenset(each for each in constants if each[0] in may),
        frozenset(each for each in closed if each[0] in may),
    )


def either(left: LabelSet | None, right: LabelSet | None) -> LabelSet | None:
    """Return the labels of elements that are of one of two kinds; None is of no element."""
    if left is None or right is None:
        return right if left is None else left
    return made(
        left.sure & right.sure,
        left.may | right.may,
        {
            (label, value)
            for label, value in left.constants | right.constants
            if (label, value) in left.constants & right.constants
            or label not in left.may
            or label not in right.may
        },
        _closed_on_both(left, right),
    )


def _closed_on_both(left: LabelSet, right: LabelSet) -> Iterator[tuple[str, frozenset[str]]]:
    for label in {each for each, _ in left.closed | right.closed}:
        sides = [_constant_or_closed(each, label) for each in (left, right) if label in each.may]
        known = [each for each in sides if each is not None]
        if len(known) == len(sides):
            yield label, frozenset().union(*known)


def _constant_or_closed(labels: LabelSet, label: str) -> frozenset[str] | None:
    constant = labels.constant(label)
    return labels.values(label) if constant is None else frozenset([constant])


def agreeing(left: LabelSet, right: LabelSet, compared: Names) -> LabelSet | None:
    """Return the labels of those left elements that can equal a right one in the compared labels.

    None if none can: :func:`disagreement` says of which label.
    """
    if disagreement(left, right, compared) is not None:
        return None
    return made(
        left.sure | compared.among(right.sure),
        left.may - (compared - right.may),
        left.constants | {each for each in right.constants if each[0] in compared},
        left.closed,
    )


def disagreement(left: LabelSet, right: LabelSet, compared: Names) -> str | None:
    """Return a compared label that makes every element of one side differ from all of the other.

    A label that is not there is empty, and equals another that is not there.
    """
    for label in sorted(compared.among(left.sure | right.sure)):
        lacks = label not in left.may or label not in right.may
        values = {each.constant(label) for each in (left, right)} - {None}
        if lacks or len(values) > 1:
            return label
    return None

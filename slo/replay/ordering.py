"""In which order rules are played: what a rule reads before what reads it.

At one moment rules are evaluated group by group and one after the other, so that a rule sees what
those before it have just recorded, and of itself and those after it what they recorded at their
moment before. Played over a past, all of a rule's moments are evaluated at once; then it must come
after all that it reads, whatever the order at one moment, and where it would see the moment before
it must be shown a delayed copy. Rules that read each other in a circle are played moment by moment.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from slo.replay.moments import Moments, TimedGroup
from slo.replay.reading import (
    Depth,
    Output,
    Read,
    is_told_its_moment,
    may_use_other_names,
    outputs_of,
    reads_of,
)
from slo.rule import Rule


@dataclass(frozen=True, eq=False)
class Placed:
    """A rule and its place: groups are in an order, and rules within each."""

    rule: Rule
    moments: Moments
    place: tuple[int, int]
    reads: tuple[Read, ...]
    outputs: tuple[Output, ...]


@dataclass(frozen=True)
class Step:
    """One rule, or rules that must be played together."""

    rules: tuple[Placed, ...]
    """By place."""
    moment_by_moment: bool
    """Whether they are evaluated so, and not all moments at once."""
    reads_itself: bool = False
    """The only rule reads its own value of the moment before."""
    delayed: frozenset[str] = frozenset()
    """Texts of selectors that must find delayed copies of what others record."""


def place(groups: Sequence[TimedGroup]) -> list[Placed]:
    """Return all rules of groups with their places."""
    return [
        Placed(rule, each.moments, (number, index), reads_of(rule.expr),
               tuple(outputs_of(rule)))
        for number, each in enumerate(groups)
        for index, rule in enumerate(each.group.rules)
    ]  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """All steps of some groups."""

    levels: tuple[tuple[Step, ...], ...]
    """Those of one level do not read each other."""
    copied: frozenset[tuple[int, int]]
    """Places of the rules of whose series delayed copies are wanted."""


def plan(groups: Sequence[TimedGroup]) -> Plan:
    """Return in which order the rules of groups are played.

    Args:
        groups: in the order in which those are evaluated that are due at the same millisecond.
    """
    links = _Links(place(groups))
    components = links.components()
    component_of = {index: number for number, members in enumerate(components) for index in members}
    levels: list[list[Step]] = []
    level_of: list[int] = []
    for number, members in enumerate(components):  # each after those that it reads
        read = {component_of[each] for member in members for each in links.before[member]}
        level = max((level_of[each] + 1 for each in read - {number}), default=0)
        level_of.append(level)
        levels += [[] for _ in range(level + 1 - len(levels))]
        levels[level].append(links.step(members))
    copied = {
        links.rules[other].place
        for index, found in enumerate(links.found)
        for _, other, is_before in found
        if is_before and component_of[index] != component_of[other]
    }
    return Plan(tuple(map(tuple, levels)), frozenset(copied))


class _Links:
    """Which rules read which, by their indices."""

    def __init__(self, rules: Sequence[Placed]) -> None:
        self.rules = rules
        self.found: list[list[tuple[Read, int, bool]]] = [[] for _ in rules]
        """Of each: what it reads, of whom, and whether it sees the moment before."""
        self.before: list[set[int]] = [set() for _ in rules]
        """Of each: those that must be played before it, or with it."""
        # Else somebody would find a copy that has another name.
        self._names_are_free = all(
            may_use_other_names(each.rule.expr, each.reads) for each in rules
        )
        find = Finder(rules)
        for index, each in enumerate(rules):
            for read in each.reads:
                for other in find(read):
                    self._link(index, read, other)
        for index in range(len(rules)):
            if not self.can_be_shown_copies(index):
                self._join(index, self._seen_before(index))

    def _link(self, index: int, read: Read, other: int) -> None:
        one, two = self.rules[index], self.rules[other]
        # Of itself nothing is there before it was played, its past neither.
        is_before = one is two or (
            read.depth is not Depth.PAST
            and two.place > one.place
            and _coincide(one.moments, two.moments)
        )
        self.found[index].append((read, other, is_before))
        self.before[index].add(other)

    def _seen_before(self, index: int) -> set[int]:
        """Return of whom a rule sees the moment before."""
        return {other for _, other, is_before in self.found[index] if is_before}

    def _join(self, index: int, others: set[int]) -> None:
        """Have rules played together, by a circle."""
        for each in others:
            self.before[each].add(index)

    def can_be_shown_copies(self, index: int) -> bool:
        """Tell whether all that a rule sees of the moment before may be a delayed copy."""
        delayed = self.delayed(index)
        if not delayed:
            return True
        own = [each for each in self.found[index] if each[0].text in delayed]
        of_itself = {read.text for read, other, _ in own if other == index}
        return (
            self._names_are_free
            and all(is_before for _, _, is_before in own)
            and all(
                read.depth is Depth.NEWEST
                for read in self.rules[index].reads
                if read.text in delayed
            )
            and not any(read.text in of_itself and other != index for read, other, _ in own)
        )

    def delayed(self, index: int) -> frozenset[str]:
        """Return the selectors of a rule that see the moment before."""
        return frozenset(read.text for read, _, is_before in self.found[index] if is_before)

    def components(self) -> list[list[int]]:
        """Return which rules are played together, each after all that it reads.

        Moment by moment what is recorded is read, and no copy: so whose moment before is seen there
        is in the circle too.
        """
        while True:
            components = _components(self.before)
            is_whole = True
            for members in components:
                for each in members if len(members) > 1 else ():
                    outside = self._seen_before(each) - set(members)
                    self._join(each, outside)
                    is_whole = is_whole and not outside
            if is_whole:
                return components

    def step(self, members: Sequence[int]) -> Step:
        """Return the step of rules that are played together."""
        rules = tuple(sorted((self.rules[each] for each in members), key=lambda each: each.place))
        if len(rules) > 1:
            return Step(rules, moment_by_moment=True)
        (index,) = members
        reads_itself = index in self._seen_before(index)
        is_alone = is_told_its_moment(rules[0].rule.expr)
        if reads_itself and (is_alone or not self.can_be_shown_copies(index)):
            return Step(rules, moment_by_moment=True)
        return Step(rules, is_alone, reads_itself, self.delayed(index))


class Finder:
    """Finds whose series a selector may find; many rules have the same selectors."""

    def __init__(self, rules: Sequence[Placed]) -> None:
        self._rules = rules
        self._by_name: dict[str, list[int]] = {}
        self._known: dict[str, list[int]] = {}
        for index, each in enumerate(rules):
            for name in {output.name for output in each.outputs}:
                self._by_name.setdefault(name, []).append(index)

    def __call__(self, read: Read) -> list[int]:
        """Return the indices of rules."""
        if read.text not in self._known:
            every = range(len(self._rules))
            named = every if read.name is None else self._by_name.get(read.name, ())
            self._known[read.text] = [
                each for each in named if any(map(read.may_find, self._rules[each].outputs))
            ]
        return self._known[read.text]


def _coincide(one: Moments, two: Moments) -> bool:
    """Tell whether two groups are ever evaluated at the same millisecond."""
    common = math.gcd(one.interval_ms, two.interval_ms)
    return (one.offset_ms - two.offset_ms) % common == 0


def _components(before: Sequence[set[int]]) -> list[list[int]]:
    """Return which are in circles with each other, each after all that it must come after.

    Tarjan's algorithm, without recursion: chains may be long.
    """
    number: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    components: list[list[int]] = []
    for root in range(len(before)):
        if root in number:
            continue
        work = [(root, iter(sorted(before[root])))]
        number[root] = lowest[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in number:
                    number[other] = lowest[other] = len(number)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(sorted(before[other]))))
                    break
                if other in on_stack:
                    lowest[node] = min(lowest[node], number[other])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == number[node]:
                    component: list[int] = []
                    while not component or component[-1] != node:
                        component.append(stack.pop())
                        on_stack.discard(component[-1])
                    components.append(component)
    return components

"""Who answers otherwise than most: silent corruption, wrong weights. Pure.

Greedy answers of one revision are the same at every group, but for harmless drift: batches and
kernels add numbers in another order, and where two tokens are nearly as likely, the other one may
win. Drift shows late in an answer, on few prompts, and not each time; corruption and other weights
show early, on many, and again. So a group disagrees with the majority only

- on a prompt to which more than half of at least three groups give the same answer,
- if less than half of that answer is the beginning of its own,
- and so were its last two answers to it,
- on ``DISAGREEING_PROMPTS`` prompts or more.

Where only two groups answer, what both once agreed on counts as a third answer: of two that
differ, the one that changed is wrong. Without a majority nobody is told to be right or wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

FEWEST_GROUPS = 3
"""Of two that differ and never agreed, nobody knows which is right."""
DISAGREEING_PROMPTS = 3
SAME_BEGINNING = 0.5
"""Of the majority's answer, from which on a difference is drift."""

Answers = Mapping[int, Sequence[str]]
"""By prompt, the last answers of a group, the newest last."""


@dataclass(frozen=True)
class Comparison:
    """How a group's answers compare with those of the others of its revision."""

    compared: int = 0
    """Prompts that have a majority and an answer of this group."""
    unconfirmed: frozenset[int] = frozenset()
    """Prompts whose newest answer differs early and the one before did not: to be asked again."""
    disagreeing: int = 0
    """Prompts whose last two answers do."""
    drifting: int = 0
    """Prompts whose newest answer differs late."""

    @property
    def disagrees(self) -> bool | None:
        """Whether the group disagrees with the majority; None while too little can be compared."""
        if self.disagreeing >= DISAGREEING_PROMPTS:
            return True
        return False if self.compared >= DISAGREEING_PROMPTS else None


def compare(
    answers: Mapping[str, Answers], agreed: Mapping[int, str] | None = None
) -> dict[str, Comparison]:
    """Return how each group compares.

    Args:
        answers: of all groups of one revision.
        agreed: by prompt, what they last agreed on (:func:`agreements`).
    """
    once = agreed or {}
    majorities = {
        prompt: _majority(given, once.get(prompt)) for prompt, given in _newest(answers).items()
    }
    return {group: _compare(of_group, majorities) for group, of_group in answers.items()}


def agreements(answers: Mapping[str, Answers]) -> dict[int, str]:
    """Return, by prompt, what two groups or more answer, and none of them otherwise."""
    return {
        prompt: given[0]
        for prompt, given in _newest(answers).items()
        if len(given) > 1 and given.count(given[0]) == len(given)
    }


def _newest(answers: Mapping[str, Answers]) -> Mapping[int, list[str]]:
    """Return, by prompt, the newest answer of each group that has one, in the groups' order."""
    newest: dict[int, list[str]] = {}
    for of_group in answers.values():
        for prompt, given in of_group.items():
            if given:
                newest.setdefault(prompt, []).append(given[-1])
    return newest


def _majority(newest: Sequence[str], agreed: str | None) -> str | None:
    if len(newest) == FEWEST_GROUPS - 1 and agreed is not None:
        newest = [*newest, agreed]
    if len(newest) < FEWEST_GROUPS:
        return None
    if newest.count(newest[0]) == len(newest):  # as nearly always
        return newest[0]
    answer, count = Counter(newest).most_common(1)[0]
    return answer if 2 * count > len(newest) else None


def _compare(answers: Answers, majorities: Mapping[int, str | None]) -> Comparison:
    compared = disagreeing = drifting = 0
    unconfirmed = set()
    for prompt, given in answers.items():
        majority = majorities.get(prompt)
        if majority is None or not given:
            continue
        compared += 1
        if given[-1] == majority:
            continue
        if _differs_early(given[-1], majority):
            if len(given) > 1 and _differs_early(given[-2], majority):
                disagreeing += 1
            else:
                unconfirmed.add(prompt)
        else:
            drifting += 1
    return Comparison(compared, frozenset(unconfirmed), disagreeing, drifting)


def _differs_early(answer: str, majority: str) -> bool:
    if answer == majority:
        return False
    pairs = zip(answer, majority, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return same < SAME_BEGINNING * len(majority)

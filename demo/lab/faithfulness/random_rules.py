"""Random groups of rules: chains, holds, circles, and alerts on all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from demo.lab.faithfulness.random_series import COUNTER, GAUGE, STATE
from slo.rule import AlertingRule, RecordingRule, Rule, RuleGroup

_WINDOWS = ("1m", "2m", "5m", "7m30s", "20m")
_AGGREGATIONS = ("sum", "max", "min", "avg", "count")
_OVER_TIME = ("max_over_time", "min_over_time", "sum_over_time", "count_over_time",
              "present_over_time", "last_over_time")  # fmt: skip
_OPERATORS = ("unless", "and", "or")
_COMPARED = (">", "<", ">=", "<=", "==", "!=")


class RandomRules:
    """Rules that read series of :mod:`demo.lab.faithfulness.random_series` and each other."""

    def __init__(self, random: np.random.Generator, interval_seconds: float) -> None:
        """Make a source of groups that are evaluated at an interval."""
        self._random, self._interval = random, interval_seconds
        self._names = [f"fake:r{index}" for index in range(int(random.integers(6, 14)))]
        """Of what is recorded, by cell; any rule may read any, also those that come later."""

    def groups(self) -> list[RuleGroup]:
        """Return one to three groups."""
        rules: list[Rule] = [self._recording(index) for index in range(len(self._names))]
        alerts = [self._alert(f"A{index}") for index in range(int(self._random.integers(3, 8)))]
        for each in alerts:
            rules.insert(int(self._random.integers(0, len(rules) + 1)), each)
        cuts = sorted(
            self._random.integers(1, len(rules), int(self._random.integers(0, 3))).tolist()
        )
        pieces = zip([0, *cuts], [*cuts, len(rules)], strict=True)
        return [
            RuleGroup(f"g{number}", self._interval, tuple(rules[first:end]))
            for number, (first, end) in enumerate(pieces)
            if end > first
        ]

    def _recording(self, index: int) -> RecordingRule:
        name = self._names[index]
        made: tuple[tuple[Callable[[str], str], float], ...] = (
            (self._by_cell, 6),
            (self._of_others, 6),
            (self._holding, 4),
            (self._counting, 0.5),
            (self._of_own_past, 1),
            (self._of_alerts, 1),
        )
        weights = np.array([weight for _, weight in made])
        chosen = int(self._random.choice(len(made), p=weights / weights.sum()))
        labels = {"origin": name[-2:]} if self._chance(0.3) else {}
        return RecordingRule(name, made[chosen][0](name), labels)

    def _alert(self, name: str) -> AlertingRule:
        interval = self._interval
        labels = {"severity": self._one(("page", "ticket"))}
        if self._chance(0.3):
            labels["where"] = "cell {{ $labels.cell }}"
        expr = self._condition()
        if self._chance(0.15):
            labels["value"] = "{{ $value }}"
            # Where a sum lies by a hair, half or not, must not decide.
            expr = f"round(({expr}) * 1.00037)"
        return AlertingRule(
            name, expr, labels, {},
            float(self._random.choice([0, interval, 3 * interval, 100])),
            float(self._random.choice([0, 0, 2 * interval, 130])),
        )  # fmt: skip

    def _condition(self) -> str:
        one = f"{self._vector()} {self._one(_COMPARED)} {self._threshold()}"
        if self._chance(0.4):
            other = f"{self._vector()} > {self._threshold()}"
            one = f"({one}) {self._one(_OPERATORS)} on (cell) ({other})"
        return one

    def _vector(self) -> str:
        return self._recorded() if self._chance(0.7) else self._by_cell("")

    def _threshold(self) -> str:
        # No round number: what is a hair off by the order of a sum must not decide.
        return f"{self._random.choice([0.0137, 0.31, 0.97, 2.03, 5.01, 11.7]):g}"

    def _by_cell(self, name: str) -> str:  # noqa: ARG002 - as all of them are called
        window = self._one(_WINDOWS)
        aggregation = f"{self._one(_AGGREGATIONS)} by (cell)"
        of = self._random.integers(0, 6)
        if of < 2:
            outcome = self._one(('{outcome="error"}', '{outcome!~"ok"}', ""))
            return (
                f"{aggregation} ({self._one(('rate', 'increase'))}({COUNTER}{outcome}[{window}]))"
            )
        if of == 2:
            return f"{aggregation} ({self._one(_OVER_TIME)}({GAUGE}[{window}]))"
        if of == 3:
            return f"{aggregation} ({GAUGE} > {self._threshold()})"
        if of == 4:
            return f"{aggregation} ({STATE} == {self._random.integers(0, 2)})"
        return f"{aggregation} (topk by (cell) (1, {GAUGE}{self._offset()}))"

    def _of_others(self, name: str) -> str:
        one, other = self._recorded(), self._recorded()
        forms = (
            f"{one} / on (cell) ({other} > 0)",
            f"{one} {self._one(_OPERATORS)} on (cell) {other} > {self._threshold()}",
            (
                f"sum by (cell) ({one}) + on (cell) group_left () "
                f"sum by (cell) ({other}{self._offset()})"
            ),
            f"max by (cell) ({self._one(_OVER_TIME)}({one}[{self._one(_WINDOWS)}]))",
            f"max by (cell) (max_over_time({one}[10m:1m]{self._offset()}))",
            f"avg by (cell) ({one}) unless on (cell) (timestamp({other}) < time())",
            f'label_replace(count by (cell) ({one}), "copy", "$1", "cell", "(.)")',
            f"absent({one})",
            f"{self._by_cell(name)} * on (cell) (sum by (cell) ({one} @ end()))",
            f"vector({self._threshold()}) < scalar(count({one}))",
        )
        weights = np.array([4, 6, 2, 2, 1, 1, 1, 1, 0.4, 1])
        return str(self._random.choice(np.array(forms, object), p=weights / weights.sum()))

    def _holding(self, name: str) -> str:
        before = f"{name} == 1"
        begins = f"max by (cell) ({self._vector()} > bool {self._threshold()}) == 1"
        lasts = self._one((
            f"({before} unless on (cell) {self._vector()} < {self._threshold()})",
            f"({before} and on (cell) (sum by (cell) ({STATE}) < 2))",
            f"({before} and on (cell) {self._recorded()} == 1)",
        ))  # fmt: skip
        rest = f" or 0 * sum by (cell) ({STATE})" if self._chance(0.7) else ""
        return f"max by (cell) ({begins} or {lasts}{rest})"

    def _counting(self, name: str) -> str:
        return f"(max by (cell) ({name}) + 1) or sum by (cell) ({STATE})"

    def _of_own_past(self, name: str) -> str:
        forms = (
            f"max by (cell) (max_over_time({name}[5m]) * 0.9) or {self._by_cell(name)}",
            f"max by (cell) ({name} offset 3m) or {self._by_cell(name)}",
        )
        return self._one(forms)

    def _of_alerts(self, name: str) -> str:  # noqa: ARG002 - as all of them are called
        return self._one((
            'count by (cell) (ALERTS{alertstate="firing"})',
            'count by (cell) (ALERTS{alertname="A1"})',
            "max by (cell) (time() - ALERTS_FOR_STATE)",
        ))  # fmt: skip

    def _recorded(self) -> str:
        return self._one(tuple(self._names))

    def _offset(self) -> str:
        return self._one(("", "", " offset 2m"))

    def _one(self, choices: tuple[str, ...]) -> str:
        return choices[int(self._random.integers(0, len(choices)))]

    def _chance(self, share: float) -> bool:
        return bool(self._random.random() < share)

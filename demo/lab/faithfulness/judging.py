"""One scenario by both: what the replay fires, expected of promtool at every moment."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from demo.lab.faithfulness.random_series import Sampled
from demo.lab.faithfulness.scenarios import FaithfulnessScenario
from exporters.durations import format_duration
from slo.prometheus import PrometheusClient
from slo.replay.evaluating import evaluate
from slo.replay.firing import Firing
from slo.replay.moments import Moments, TimedGroup
from slo.replay.reading import ALERTS, ALERTSTATE, NAME, selector_of
from slo.replay.rule_files import read_rule_files

START = 20_000 * 86400
"""Of all scenarios, UNIX seconds: at promtool's 0 it is as early in the day, the hour and so on."""
_RULES, _TESTS = "rules.yaml", "tests.json"  # which is YAML too


async def differing_alerts(
    client: PrometheusClient, promtool: Path, scenario: FaithfulnessScenario, folder: Path
) -> tuple[set[str], int]:
    """Return the alerts that promtool has pending or firing otherwise, and how many there are.

    An alert is one set of labels, its state among them.

    Args:
        client: of an empty server.
        promtool: the program.
        scenario: what to judge.
        folder: where its files go; empty.
    """
    (folder / _RULES).write_text(scenario.rules, encoding="utf-8")
    groups = [
        TimedGroup(each, Moments(scenario.interval_seconds))
        for each in read_rule_files([folder / _RULES])
    ]
    interval, end = (
        scenario.interval_seconds,
        START + scenario.interval_seconds * (scenario.moments - 1),
    )
    await client.remote_write(each.series(START, interval) for each in scenario.series)
    firings = await evaluate(client, groups, START - interval, end)
    told = [(each, _selector(each, "pending"), _selector(each, "firing")) for each in firings]
    expected = [_states_at(told, START + index * interval) for index in range(scenario.moments)]
    names = [each.group.name for each in groups]
    content = _tests(scenario, names, expected)
    (folder / _TESTS).write_text(json.dumps(content), encoding="utf-8")
    return _judged(promtool, folder), len({each for states in expected for each in states})


def _states_at(told: Sequence[tuple[Firing, str, str]], moment: float) -> list[str]:
    """Return the series of ALERTS at a moment, given each alert's while it is pending or firing."""
    return sorted(
        pending if each.firing_at is None or moment < each.firing_at else firing
        for each, pending, firing in told
        if each.active_at <= moment and (each.ended_at is None or moment < each.ended_at)
    )


def _selector(firing: Firing, state: str) -> str:
    return selector_of(ALERTS, {**firing.labels, ALERTSTATE: state})


def _tests(
    scenario: FaithfulnessScenario, groups: Sequence[str], expected: Sequence[Sequence[str]]
) -> dict[str, object]:
    interval = format_duration(scenario.interval_seconds)
    return {
        "rule_files": [_RULES],
        "evaluation_interval": interval,
        "group_eval_order": list(groups),
        "tests": [
            {
                "interval": interval,
                "input_series": [
                    {"series": _named(each), "values": each.notation()} for each in scenario.series
                ],
                "promql_expr_test": [
                    {
                        "expr": ALERTS,
                        "eval_time": f"{index * scenario.interval_seconds}s",
                        "exp_samples": [{"labels": each, "value": 1} for each in states],
                    }
                    for index, states in enumerate(expected)
                ],
            }
        ],
    }


def _named(sampled: Sampled) -> str:
    labels = {name: value for name, value in sampled.labels.items() if name != NAME}
    return selector_of(sampled.labels[NAME], labels)


def _judged(promtool: Path, folder: Path) -> set[str]:
    """Return the alerts that promtool sees otherwise at any moment, as it writes them.

    Raises:
        ValueError: if it says anything else.
    """
    done = subprocess.run(
        [str(promtool), "test", "rules", _TESTS],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    differing: set[str] = set()
    wanted: set[str] = set()
    for line in map(str.strip, said.splitlines()):
        word, _, samples = line.partition(":")
        if word == "exp":
            wanted = _samples(samples)
        elif word == "got":
            differing |= wanted ^ _samples(samples)
    if bool(done.returncode) != bool(differing):
        raise ValueError(f"promtool says {said[:2000]}")
    return differing


def _samples(said: str) -> set[str]:
    """Return the samples of a list as promtool prints it."""
    text = said.strip()
    return (
        set()
        if text == "nil"
        else set(text.split(" 1E+00, ")[:-1]) | {text.split(" 1E+00, ")[-1].removesuffix(" 1E+00")}
    )

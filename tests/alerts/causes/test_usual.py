"""What is usual stands still while nothing is, and not for ever."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.causes.queue_signals import UNUSUAL, signal_rules
from alerts.causes.usual import hold_rules, usual_rule
from demo.setup.programs import find_program
from slo import conventions
from slo.rules import RecordingRule

CELL = 'cluster="demo",region="eu",model="chat"'
ANSWERS = f'{conventions.CELL_REQUESTS_RATE}{{{CELL},outcome="ok"}}'
RETRIES = f'{conventions.QUEUE_SIGNAL}{{{CELL},signal="amplification"}}'
SEEN = 'group by (cluster, region, model) (shardwatch:cell_requests:rate{outcome="ok"})'


def says(folder: Path, rules: list[RecordingRule], **test: Any) -> str:
    """Return what promtool finds wrong with rules, looked at each minute; empty if nothing."""
    group = {
        "name": "usual",
        "rules": [{"record": e.record, "expr": e.expr, "labels": dict(e.labels)} for e in rules],
    }
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": [group]}))
    content = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", **test}],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(content))
    command = [str(find_program("promtool")), "test", "rules", "test.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def usually(answers: str, retries: str, expected: dict[str, float]) -> dict[str, Any]:
    """Return a test of the usual answers a second, by when."""
    return {
        "input_series": [
            {"series": ANSWERS, "values": answers},
            {"series": RETRIES, "values": retries},
        ],
        "promql_expr_test": [
            {
                "expr": f'{conventions.USUAL}{{of="answers"}}',
                "eval_time": at,
                "exp_samples": [
                    {"labels": f'{conventions.USUAL}{{of="answers",{CELL}}}', "value": value}
                ],
            }
            for at, value in expected.items()
        ],
    }


@pytest.mark.parametrize(
    ("answers", "retries", "expected"),
    [
        # An hour of 60 a second, then 10 of them are left, and retries do not end.
        ("60x60 10x480", "0x60 1x480", {"50m": 60, "90m": 60, "6h50m": 60, "7h10m": 10}),
        # As long as they last, and no longer: then the median of the last hour follows.
        ("60x60 10x120 40x120", "0x60 1x120 0x120", {"2h50m": 60, "3h10m": 10, "4h": 40}),
        # Bad from the first sample on: nothing is known to be usual, and nothing is held.
        ("10x20 50x100", "1x120", {"10m": 10, "90m": 50}),
        # So it is with less than a base window of it.
        ("10x2 50x100", "0x2 1x100", {"60m": 50}),
    ],
    ids=["six hours at the most", "until it is usual again", "never usual", "hardly ever usual"],
)
def test_what_was_usual_is_held_while_nothing_is(
    tmp_path: Path, answers: str, retries: str, expected: dict[str, float]
) -> None:
    """By promtool, from the signals that say so."""
    rules = [*hold_rules(UNUSUAL, SEEN), usual_rule("answers", ANSWERS)]

    assert "" == says(tmp_path, rules, **usually(answers, retries, expected))


def test_users_who_leave_are_not_refused(tmp_path: Path) -> None:
    """An editor drops a completion with each key: half of the requests, and all is as usual."""
    (rule,) = (e for e in signal_rules(60) if e.record == conventions.QUEUE_REFUSED)
    rates = {"ok": 40, "aborted": 50, "timeout": 6, "rejected": 4, "rate_limited": 100}

    assert "" == says(
        tmp_path,
        [rule],
        input_series=[
            {
                "series": f'{conventions.CELL_REQUESTS_RATE}{{{CELL},outcome="{outcome}"}}',
                "values": f"{rate}x10",
            }
            for outcome, rate in rates.items()
        ],
        promql_expr_test=[
            {
                "expr": conventions.QUEUE_REFUSED,
                "eval_time": "10m",
                "exp_samples": [{"labels": f"{conventions.QUEUE_REFUSED}{{{CELL}}}", "value": 0.1}],
            }
        ],
    )

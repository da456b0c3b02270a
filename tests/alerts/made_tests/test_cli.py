"""``shardwatch slo test``, run as users run it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.setup.programs import find_program

ROOT = Path(__file__).resolve().parents[3]
LAX = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: things}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: lax}
spec:
  service: things
  budgetingMethod: Occurrences
  timeWindow: [{duration: 1d, isRolling: true}]
  objectives: [{target: 0.1}]
  indicator:
    metadata: {name: lax}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'requests_total{outcome="error"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: requests_total}}}
"""
LIAR = """\
#!/bin/sh
cat <<'END'
  expr: "# idle: no alert fires\\ncount(ALERTS)", time: 13m,
        exp: nil
        got: {} 2E+00
END
exit 1
"""


@pytest.fixture
def run(tmp_path):
    """Runs the command in a folder with a file of objectives."""
    (tmp_path / "lax.yaml").write_text(LAX)

    def run(*arguments: str, promtool: Path | None = None) -> subprocess.CompletedProcess[str]:
        program = str(promtool or find_program("promtool"))
        return subprocess.run(
            [sys.executable, ROOT / "shardwatch.py", "slo", "test", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1",
                 "SHARDWATCH_PROMTOOL": program},
        )  # fmt: skip

    return run


def test_each_case_is_told_and_kept_to_be_run_by_hand(run, tmp_path):
    """Rules and tests lie side by side, as they are built."""
    done = run("lax.yaml", "-o", "kept")

    cases = (
        "idle", "healthy", "burning", "blackout", "standstill", "missing error series",
        "counter reset", "new group", "a quarter bad", "just under 1", "just over 1",
        "long window of the page of 1h", "long window of the page of 6h", "a period",
        "annotations",
    )  # fmt: skip
    assert (0, "") == (done.returncode, done.stderr)
    told = done.stdout.splitlines()
    assert [f"lax: {case}: ok" for case in cases] == [each.rpartition(": ")[0] for each in told]
    assert (
        "lax: idle: ok: the cell is seen, without events; 0/0 is no burn rate; no alert fires"
        in told
    )
    by_hand = subprocess.run(
        [str(find_program("promtool")), "test", "rules", "slo-lax.yaml"],
        cwd=tmp_path / "kept/tests", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == by_hand.returncode, by_hand.stdout + by_hand.stderr


def test_a_case_that_fails_is_a_problem_found(run, tmp_path):
    """Exit 1, with what was expected and what was found."""
    liar = tmp_path / "promtool"
    liar.write_text(LIAR)
    liar.chmod(0o755)
    done = run("lax.yaml", promtool=liar)

    assert (1, "lax: idle: no alert fires at 13m: expected none, found 2\n") == (
        done.returncode,
        done.stderr,
    )
    assert "lax: idle: FAILED" in done.stdout
    assert "lax: healthy: ok" in done.stdout


def test_what_was_built_is_not_written_over(run, tmp_path):
    """The list of a build's folder would make its other files go."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/.shardwatch-generated").write_text("prometheus.yml\n")
    done = run("lax.yaml", "-o", "out")

    expected = "out: found what `shardwatch build` wrote; keep the tests in a folder of their own\n"
    assert (2, "", expected) == (done.returncode, done.stdout, done.stderr)


def test_a_configuration_that_is_not_there_is_bad_input(run):
    """Unless files are named."""
    done = run()

    expected = "shardwatch.yaml: no such file; create it or correct the path\n"
    assert (2, "", expected) == (done.returncode, done.stdout, done.stderr)

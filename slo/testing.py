"""For tests of rules: promtool's rule tests from data, and real servers of one's own.

Programs are given by path: finding them is the caller's.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from exporters.durations import format_duration

READY_WITHIN_SECONDS = 30.0


@dataclass(frozen=True)
class Expectation:
    """What an expression must be at a time."""

    expr: str
    at_seconds: float
    samples: Mapping[str, float]
    """Value by labels, written as ``name{label="value"}``; ``{}`` where there are none."""


@dataclass(frozen=True)
class RuleTest:
    """Series in, and what the rules must make of them. Time starts at 0."""

    name: str
    series: Mapping[str, str]
    """Values in promtool's notation (``0+30x40 _x4``), one every interval."""
    expectations: Sequence[Expectation] = ()
    alerts: Sequence[Mapping[str, Any]] = field(default=())
    """promtool's ``alert_rule_test`` entries."""


def check_rules(promtool: Path, rules: str, folder: Path) -> None:
    """Assert that promtool accepts the text of a rule file.

    Raises:
        AssertionError: with what promtool says.
    """
    file = folder / "checked-rules.yaml"
    file.write_text(rules, encoding="utf-8")
    _run([str(promtool), "check", "rules", str(file)])


def check_rules_by_vmalert(vmalert: Path, files: Sequence[Path]) -> None:
    """Assert that vmalert accepts rule files: their form, expressions and templates.

    Raises:
        AssertionError: with what vmalert says.
    """
    _run([str(vmalert), "-dryRun", *(f"-rule={file}" for file in files)])


def run_rule_tests(
    promtool: Path,
    rules: str,
    tests: Sequence[RuleTest],
    interval_seconds: float,
    folder: Path,
) -> None:
    """Assert that rules make of series what tests expect.

    All groups are evaluated at ``interval_seconds``, one after the other: promtool does not look at
    their own intervals. It compares numbers exactly, so that expectations round.

    Raises:
        AssertionError: with what promtool says.
    """
    (folder / "rules.yaml").write_text(rules, encoding="utf-8")
    groups = [each["name"] for each in yaml.safe_load(rules)["groups"]]
    content = rule_tests(tests, ["rules.yaml"], groups, interval_seconds, interval_seconds)
    file = folder / "tests.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    _run([str(promtool), "test", "rules", str(file)])


def rule_tests(
    tests: Sequence[RuleTest],
    rule_files: Sequence[str],
    groups: Sequence[str],
    evaluation_interval_seconds: float,
    sample_interval_seconds: float,
) -> dict[str, Any]:
    """Return the content of a file for ``promtool test rules``.

    Args:
        tests: at least one.
        rule_files: as seen from the file's folder.
        groups: names of all groups in them, in the order in which they are evaluated.
        evaluation_interval_seconds: of all groups; promtool does not look at their own.
        sample_interval_seconds: between the samples of the tests' series.
    """
    return {
        "rule_files": list(rule_files),
        "evaluation_interval": format_duration(evaluation_interval_seconds),
        # Without it promtool takes the groups in an order of its own, another one each time.
        "group_eval_order": list(groups),
        "tests": [_test(each, format_duration(sample_interval_seconds)) for each in tests],
    }


@contextlib.contextmanager
def running_prometheus(
    prometheus: Path,
    folder: Path,
    config: str = "{}",
    flags: Sequence[str] = (),
    through: Sequence[str] = (),
    *,
    address: str | None = None,
    retention: str = "100d",
) -> Iterator[str]:
    """Run a Prometheus that takes remote writes on a free port; give its address; end it.

    Args:
        prometheus: the program.
        folder: for its configuration, log and data.
        config: of it, as text.
        flags: more of them.
        through: a command that becomes the one that follows it.
        address: ``HOST:PORT`` to listen on, instead of a free one.
        retention: how long it keeps samples.

    Raises:
        AssertionError: if it does not come up, with its log.
    """
    (folder / "prometheus.yml").write_text(config, encoding="utf-8")
    address = address or _free_address()
    command = [
        *through,
        str(prometheus),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--storage.tsdb.retention.time={retention}",
        "--storage.tsdb.min-block-duration=10d",  # spares it the compaction of a written past
        "--storage.tsdb.max-block-duration=10d",
        f"--web.listen-address={address}",
        "--web.enable-remote-write-receiver",
        *flags,
    ]
    with _running(command, f"http://{address}", "/-/ready", folder / "prometheus.log") as url:
        yield url


@contextlib.contextmanager
def running_victoria_metrics(program: Path, folder: Path) -> Iterator[str]:
    """Run a VictoriaMetrics that takes remote writes on a free port; give its address; end it.

    It answers at once what was written, instead of waiting 30 s for what may come late.

    Raises:
        AssertionError: if it does not come up, with its log.
    """
    address = _free_address()
    command = [
        str(program),
        f"-storageDataPath={folder / 'victoria-metrics'}",
        f"-httpListenAddr={address}",
        "-retentionPeriod=100d",
        "-search.latencyOffset=0s",
        "-search.disableCache",  # for a past that is written while it is read
    ]
    with _running(command, f"http://{address}", "/health", folder / "victoria-metrics.log") as url:
        yield url


@contextlib.contextmanager
def running_vmalert(program: Path, folder: Path, rules: Path, url: str) -> Iterator[str]:
    """Run a vmalert that reads and writes at ``url``; give its own address; end it.

    Raises:
        AssertionError: if it does not come up, with its log.
    """
    address = _free_address()
    command = [
        str(program),
        f"-rule={rules}",
        f"-datasource.url={url}",
        f"-remoteWrite.url={url}",
        "-remoteWrite.flushInterval=1s",
        f"-notifier.url=http://{address}",  # it insists on one; no test of ours fires here
        f"-httpListenAddr={address}",
    ]
    with _running(command, f"http://{address}", "/health", folder / "vmalert.log") as own:
        yield own


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@contextlib.contextmanager
def _running(command: Sequence[str], url: str, ready_path: str, log: Path) -> Iterator[str]:
    with log.open("w", encoding="utf-8") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        _await_ready(f"{url}{ready_path}", child, log)
        yield url
    finally:
        child.kill()
        child.wait()


def _await_ready(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own child
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"{log.stem} is not ready:\n{log.read_text(encoding='utf-8')}")


def _test(test: RuleTest, interval: str) -> dict[str, Any]:
    content: dict[str, Any] = {
        "name": test.name,
        "interval": interval,
        "input_series": [{"series": k, "values": v} for k, v in test.series.items()],
        "promql_expr_test": [
            {
                "expr": each.expr,
                "eval_time": format_duration(each.at_seconds),
                "exp_samples": [{"labels": k, "value": v} for k, v in each.samples.items()],
            }
            for each in test.expectations
        ],
    }
    return content | (
        {"alert_rule_test": [dict(each) for each in test.alerts]} if test.alerts else {}
    )


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)

"""Asking a real Prometheus which series exist."""

import asyncio
import time

import numpy as np
import pytest

from alerts.lint import Setting
from alerts.lint.command import Lint, lint_files
from demo.setup.programs import find_program
from slo.prometheus import PrometheusClient
from slo.series import Series
from slo.testing import running_prometheus

RULES = """\
groups:
- name: g
  rules:
  - {record: "a:b", expr: "sum(here_total) + sum(gone_total)"}
  - {record: "c:d", expr: "sum(a:b) + sum(shardwatch_group_up) + sum(ALERTS)"}
"""


@pytest.fixture
def prometheus(tmp_path):
    """A Prometheus that has one of the series that the rules ask for; another is two hours old."""

    def series(name, at):
        return Series({"__name__": name}, np.array([int(at * 1000)]), np.array([1.0]))

    async def write(url):
        async with PrometheusClient(url) as client:
            await client.remote_write([series("gone_total", time.time() - 7200)])
            await client.remote_write([series("here_total", time.time())])

    (tmp_path / "prometheus").mkdir()
    with running_prometheus(find_program("prometheus"), tmp_path / "prometheus") as url:
        asyncio.run(write(url))
        yield url


def test_what_a_server_has_not_is_missing_whoever_serves_it(prometheus, tmp_path):
    """What the rules record themselves may not be there yet."""
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)
    _, problems = lint_files(Lint((file,), Setting(), prometheus))
    missing = [each for each in problems if each.check == "promql/series"]
    assert ["gone_total", "shardwatch_group_up"] == [
        each.message.split()[2].strip(",") for each in missing
    ]
    assert not [each for each in problems if each.check == "promql/unknown"]

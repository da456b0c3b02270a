"""``shardwatch slo backfill``, run as users run it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slo.prometheus import PrometheusClient
from slo.testing import running_prometheus
from tests.slo.backfill.conftest import HOUR, requests
from tests.slo.documents import availability
from tests.slo.test_cli import TOPOLOGY

ROOT = Path(__file__).resolve().parents[3]
TAKES_OLD = "storage: {tsdb: {out_of_order_time_window: 30d}}"
OBJECTIVE = availability("good", "1d")


@pytest.fixture
def run(tmp_path):
    """Runs the command in a folder with one objective, on a Prometheus at an address."""
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    (tmp_path / "good.yaml").write_text(OBJECTIVE)

    def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "shardwatch.yaml").write_text(
            "topology: topology.yaml\nobjectives: [good.yaml]\n"
            f'prometheus: {{url: "{url}", scrape_interval: 60s}}\n'
        )
        return subprocess.run(
            [sys.executable, ROOT / "shardwatch.py", "slo", "backfill", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        )  # fmt: skip

    return run


@pytest.fixture
async def url(prometheus, tmp_path):
    """The address of a Prometheus with the raw counters of the last 26 hours."""
    (tmp_path / "server").mkdir()
    now = time.time()
    with running_prometheus(prometheus, tmp_path / "server", TAKES_OLD) as url:
        async with PrometheusClient(url) as client:
            await client.remote_write(requests(now - 26 * HOUR, now))
        yield url


async def test_a_history_is_written_once_and_shown_as_it_goes(run, url):
    """Progress on standard error, what came of it on standard output."""
    first, second = run(url), run(url)

    assert 0 == first.returncode, first.stderr
    assert first.stdout.startswith("good: wrote ")
    assert first.stdout.endswith(" samples of 1 cell\n")
    assert "good: read 10 % of 1d1h" in first.stderr
    assert "good: wrote 100 %" in first.stderr
    assert (0, "good: all of it is recorded\n", "") == (
        second.returncode,
        second.stdout,
        second.stderr,
    )
    async with PrometheusClient(url) as client:
        (left,) = await client.query('last_over_time(slo:budget_remaining:ratio{slo="good"}[10m])')
    assert 0 == pytest.approx(left.value, abs=1e-6)


async def test_a_file_comes_with_the_command_that_makes_blocks_of_it(run, url, tmp_path):
    """For servers that take nothing by remote write."""
    done = run(url, "-o", "past", "--objective", "good", "--from", "3h")

    assert 0 == done.returncode, done.stderr
    expected = "now run: promtool tsdb create-blocks-from openmetrics --max-block-duration=240h "
    assert expected + "past/slo-good.om PROMETHEUS_DATA_FOLDER" in done.stdout
    assert (tmp_path / "past/slo-good.om").read_text().endswith("# EOF\n")


async def test_a_younger_history_is_told_and_written_once(run, url):
    """What there is to say of the time before: that nothing was seen."""
    first, second = run(url, "--from", "28d"), run(url, "--from", "28d")

    assert "samples of 1 cell; its raw series begin at " in first.stdout
    assert second.stdout.startswith(
        "good: wrote nothing: its raw series say nothing of the time that is not recorded, "
    )


async def test_another_indicator_under_the_same_name_is_refused(run, url, tmp_path):
    """Before anything is written: exit 2, with the place, and what to do."""
    assert 0 == run(url, "--from", "3h").returncode
    (tmp_path / "good.yaml").write_text(OBJECTIVE.replace('"error"', '~"error|lost"'))

    done = run(url)

    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("good.yaml:8:3: good: until about ")
    assert "or delete what was recorded, as slo/backfill/README.md says" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--objective", "bad"],
         "shardwatch.yaml: no objective is called 'bad'; take one of: good\n"),
        (["--from", "10s"], "--from: found 10s, expected at least 1h, for what is recorded is "
         "looked for at full hours\n"),
        (["--from", "long"], "--from: 'long' is no duration such as 15s, 1h30m or 28d\n"),
        (["--to-url", "http://x", "-o", "y"],
         "y: found both --to-url and -o, expected one of them\n"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_a_line(run, arguments, expected):
    """Exit 2, nothing asked, nothing written."""
    done = run("http://127.0.0.1:9", *arguments)

    assert (2, "", expected) == (done.returncode, done.stdout, done.stderr)


def test_a_server_that_does_not_answer_is_told(run):
    """With what to do."""
    done = run("http://127.0.0.1:9")

    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("backfill: http://127.0.0.1:9 does not answer: ")
    assert "run it again: it goes on where it was interrupted" in done.stderr

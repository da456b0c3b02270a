"""Rules at work: groups of different intervals, in Prometheus and in vmalert with VictoriaMetrics.

Both get the same past and the same counters, and evaluate the same rules for some seconds. promtool
can do neither: it evaluates all groups at one interval.
"""

import asyncio
import time
from dataclasses import replace
from decimal import Decimal

import aiohttp
import numpy as np
import pytest

from slo import conventions as names
from slo.history import CellTraffic, history_batches
from slo.objective import Calendar, Objective, Ratio, Slices
from slo.prometheus import PrometheusClient
from slo.render import render_groups
from slo.rules import lag_of_vmalert, levels_group, matching, objective_group
from slo.series import Series
from slo.testing import running_prometheus, running_victoria_metrics, running_vmalert

INTERVAL, LEVELS_INTERVAL = 1.0, 5.0
DAY = 86400
RUNS_SECONDS = 22
RATE, BAD_RATE, BAD_RATE_LATER = 30.0, 0.3, 3.0


PLAIN = Objective(
    name="events",
    service="things",
    target=Decimal("0.99"),
    period_seconds=28 * DAY,
    grouping_labels=("cell",),
    indicator=Ratio(total="rate(requests_total[$window])", bad="rate(errors_total[$window])"),
)
MONTH = Calendar("month", 1, "2025-01-01 00:00:00", "Asia/Tokyo")
OBJECTIVES = (
    PLAIN,
    replace(PLAIN, name="slices", slices=Slices(60, Decimal("0.95"))),
    replace(PLAIN, name="month", calendar=MONTH),
)


def rule_file(lag_seconds):
    """Return the rules, with levels that are faster than in earnest."""
    groups = []
    for each in OBJECTIVES:
        groups.append(objective_group(each, INTERVAL, lag_seconds))
        levels = levels_group(each, INTERVAL)
        groups.append(replace(levels, interval_seconds=LEVELS_INTERVAL))
    return render_groups(groups, ["test"])


def counters(now):
    """Return the counters around ``now``, each second: in 5 s errors will be ten times as many."""
    times = np.arange(int(now) - 130, int(now) + 120)
    errors = np.where(times > now + 5, BAD_RATE_LATER, BAD_RATE)
    return [
        Series({"__name__": name, "cell": "a"}, times * 1000, np.cumsum(rates))
        for name, rates in (
            ("requests_total", np.full(times.shape, RATE)), ("errors_total", errors)
        )
    ]  # fmt: skip


async def write_past(clients, now):
    """Write what the rules would have recorded until now."""

    def rates(times):
        return np.full(times.shape, BAD_RATE), np.full(times.shape, RATE)

    cells = {each: [CellTraffic({"cell": "a"}, rates)] for each in OBJECTIVES}
    for batch in history_batches(cells, int(now), INTERVAL):
        for client in clients:
            await client.remote_write(batch)
    for client in clients:
        await client.remote_write(counters(now))


async def recorded(client, time_):
    """Return every value that is recorded at a time, by name, objective and window."""
    samples = await client.query('{slo=~".+"}', time_)
    return {
        (each.labels["__name__"], each.labels["slo"], each.labels.get("window", "")): each.value
        for each in samples
        if each.labels["__name__"] != names.PERIOD_PHASE
    }


async def run_both(programs, folder):
    """Return what both have recorded after some seconds, and what Prometheus had before."""
    lag = lag_of_vmalert(INTERVAL)
    of_vmalert = folder / "vmalert.yaml"
    of_vmalert.write_text(rule_file(lag))
    (folder / "rules.yaml").write_text(rule_file(0))
    with (
        running_prometheus(programs[0], folder, flags=["--web.enable-lifecycle"]) as url,
        running_victoria_metrics(programs[1], folder) as other_url,
    ):
        async with PrometheusClient(url) as client, PrometheusClient(other_url) as other:
            now = time.time()
            await write_past((client, other), now)
            # Only now, for nothing older than what a rule has recorded can be written.
            config = f"global: {{evaluation_interval: 1s}}\nrule_files: [{folder}/rules.yaml]\n"
            (folder / "prometheus.yml").write_text(config)
            async with aiohttp.ClientSession() as session:
                (await session.post(f"{url}/-/reload")).raise_for_status()
            with running_vmalert(programs[2], folder, of_vmalert, other_url):
                await asyncio.sleep(RUNS_SECONDS)
                end = time.time()
                return {
                    "end": end,
                    "prometheus": await recorded(client, end),
                    "prometheus before": await recorded(client, end - 8),
                    "prometheus before the lag": await recorded(client, end - 8 - lag),
                    "vmalert": await recorded(other, end),
                    "counted": await counted(other, int(end) - 4),
                }


async def counted(client, at):
    """Return what vmalert counted at a time, and what the rules count there when all is written.

    vmalert dates what it evaluates up to one interval later: so the latter is of both moments.
    """
    group = objective_group(PLAIN, INTERVAL, lag_of_vmalert(INTERVAL))
    found = []
    for rule in group.rules[: group.inseparable]:
        if rule.labels.get(names.WINDOW) == "5m":
            series = matching(rule.record, PLAIN, window="5m")
            (when,) = await client.query(f"timestamp({series})", at)
            (was,) = await client.query(series, when.value)
            whole = [
                sample.value
                for moment in (when.value, when.value - INTERVAL)
                for sample in await client.query(rule.expr, moment)
            ]
            found.append((was.value, whole))
    return found


@pytest.fixture(scope="module")
def results(prometheus, victoria_metrics, vmalert, tmp_path_factory):
    """What both have recorded: they run once."""
    programs, folder = (prometheus, victoria_metrics, vmalert), tmp_path_factory.mktemp("live")
    return asyncio.run(run_both(programs, folder))


def test_two_servers_record_the_same_at_mixed_intervals(results):
    """Within 0.1 %, of what Prometheus has now or had up to 8 s ago, and the lag for counts.

    What is left of a budget is compared by what was spent: the rest is near 0 here. Errors have
    become ten times as many, so that whatever was not evaluated would stand out. The last 5 minutes
    are left out, of which vmalert missed some seconds before it was up.
    """
    mine, theirs = results["prometheus"], results["vmalert"]
    assert mine.keys() == theirs.keys()
    compared = {key: value for key, value in theirs.items() if key[2] != "5m"}
    compared |= {key: value for key, value in theirs.items() if key[0] == names.BURN_RATE}
    assert len(compared) > 60
    for key, found in compared.items():
        bounds = [mine[key], results["prometheus before"][key]]
        if key[0] != names.BURN_RATE:
            bounds.append(results["prometheus before the lag"][key])
        is_left = key[0] == names.BUDGET_REMAINING
        value, *bounds = (1 - each if is_left else each for each in (found, *bounds))
        low, high = min(bounds), max(bounds)
        assert low - abs(low) * 1e-3 <= value <= high + abs(high) * 1e-3, (key, value, bounds)


def test_vmalert_counts_what_it_has_not_written_yet(results):
    """Without the lag it would leave the newest samples out of every 5 minutes, for good."""
    assert 3 == len(results["counted"])
    for was, whole in results["counted"]:
        assert any(was == pytest.approx(each, rel=1e-9) for each in whole), (was, whole)


def test_what_is_recorded_is_true(results):
    """Counts to a few events of 70 million, full coverage, and burns that have risen."""
    found = results["prometheus"]
    end = int(results["end"])
    began = (end - 28 * DAY) // 3600 * 3600 - 300
    events = found[names.EVENTS_COUNT, "events", "28d"]
    slices = found[names.EVENTS_COUNT, "slices", "28d"]

    assert RATE * (end - began) == pytest.approx(events, abs=3 * RATE)
    assert (end - began) / 60 == pytest.approx(slices, abs=3.01 / 60)  # 3 s, and what floats add
    assert found[names.COVERAGE, "events", "5m"] > names.COVERAGE_NEEDED
    assert found[names.COVERAGE, "month", "28d"] > names.COVERAGE_NEEDED
    assert 1.05 < found[names.BURN_RATE, "events", "5m"] < 2
    assert 1 == pytest.approx(found[names.BURN_RATE, "events", "6h"], rel=2e-2)
    assert 0 == pytest.approx(found[names.BUDGET_REMAINING, "events", ""], abs=1e-3)

"""The demo is a customer: its servers run on what the public command writes, on nothing else."""

from pathlib import Path

import pytest

from alerts.build import build as build_alerts
from alerts.made_tests.build import build as build_tests
from alerts.runbooks.build import build as build_runbooks
from dashboards.build import build as build_dashboards
from dashboards.next_steps.servers import next_steps
from demo.sim.plan import plan_simulator
from demo.stack import servers
from demo.stack.files import configuration, run_build, write_inputs
from demo.stack.layout import DEFAULT_PORTS, Layout
from exporters.config import read_config
from slo.rule_files import AS_PROMETHEUS_TAKES_THEM


def test_the_servers_run_on_what_build_writes(tmp_path: Path):
    """Every file they are given lies in the build, and is what the packages build."""
    layout = Layout(tmp_path, DEFAULT_PORTS)
    write_inputs(layout, plan_simulator(DEFAULT_PORTS["engine"], directory=tmp_path).topology)
    run_build(layout)

    config = read_config(layout.config)
    built = build_alerts(config) | build_tests(config) | build_dashboards(config)
    built |= build_runbooks(config)
    built["NEXT.md"] = next_steps(config, AS_PROMETHEUS_TAKES_THEM, layout.build)
    written = {
        str(path.relative_to(layout.build)): path.read_text()
        for path in layout.build.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert built == written
    for child in (servers.prometheus(layout), servers.alertmanager(layout)):
        [given] = [each for each in child.command if each.startswith("--config.file=")]
        assert str(Path(given.partition("=")[2]).relative_to(layout.build)) in built


def test_the_exporters_read_the_files_that_a_user_would_write(tmp_path: Path):
    """shardwatch.yaml, which names topology.yaml; nothing is passed beside it."""
    layout = Layout(tmp_path, DEFAULT_PORTS)
    for child in servers.exporters(layout, groups=18):
        assert child.command[child.command.index("--config") + 1] == str(layout.config)


def test_all_exporters_are_started_and_scraped(tmp_path: Path):
    """Probes are traffic, which the demo wants."""
    layout = Layout(tmp_path, DEFAULT_PORTS)
    listed = configuration(layout)["exporters"]
    started = {each.name.removeprefix("exporter-"): each for each in servers.exporters(layout, 18)}

    assert {"gpu", "groups", "router", "tools", "probe"} == set(started) == set(listed)
    for name, child in started.items():
        assert [child.command[child.command.index("--listen") + 1]] == listed[name]


@pytest.mark.parametrize(
    ("groups", "seconds"), [(2, 2), (10, 2), (18, 4), (2000, 400), (125_000, 3600)]
)
def test_probes_cost_the_same_whatever_the_number_of_groups(groups: int, seconds: int):
    """Five a second at the most, until an hour between two would be too long."""
    assert seconds == servers.probe_interval_seconds(groups)


def test_exporters_of_many_pages_are_given_longer_to_start(tmp_path: Path):
    """Two thousand groups are ten thousand pages."""
    layout = Layout(tmp_path, DEFAULT_PORTS)
    for pages, seconds in ((0, 30.0), (10_000, 130.0)):
        children = servers.exporters(layout, 2000, pages)
        assert {each.ready_within_seconds for each in children} == {seconds}

"""The demo is a customer: its servers run on what the public command writes, on nothing else."""

from pathlib import Path

from alerts.build import build as build_alerts
from alerts.made_tests.build import build as build_tests
from dashboards.build import build as build_dashboards
from demo.sim.plan import plan_simulator
from demo.stack import servers
from demo.stack.files import run_build, write_inputs
from demo.stack.layout import DEFAULT_PORTS, Layout
from exporters.config import read_config


def test_the_servers_run_on_what_build_writes(tmp_path: Path):
    """Every file they are given lies in the build, and is what the packages build."""
    layout = Layout(tmp_path, DEFAULT_PORTS)
    write_inputs(layout, plan_simulator(DEFAULT_PORTS["engine"], directory=tmp_path))
    run_build(layout)

    config = read_config(layout.config)
    built = build_alerts(config) | build_tests(config) | build_dashboards(config)
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
    for child in servers.exporters(layout):
        assert child.command[child.command.index("--config") + 1] == str(layout.config)


def test_exporters_of_many_pages_are_given_longer_to_start(tmp_path: Path):
    """Two thousand groups are ten thousand pages."""
    layout = Layout(tmp_path, DEFAULT_PORTS)
    for pages, seconds in ((0, 30.0), (10_000, 130.0)):
        children = servers.exporters(layout, pages)
        assert {each.ready_within_seconds for each in children} == {seconds}

"""The figures of dashboards."""

import json

import pytest

from dashboards import bench
from exporters.benching import figure


@pytest.fixture
def measured(monkeypatch):
    """What is measured without a server: the time to build, of one try."""

    class Server:
        def __enter__(self) -> str:
            return "http://x"

        def __exit__(self, *_: object) -> None:
            pass

    async def ask(url: str) -> tuple[dict, dict]:
        return figure("dashboards.fleet_query_p95_ms", 100, "ms"), figure("samples", 7, "samples")

    monkeypatch.setattr(bench, "TIMES", 1)
    monkeypatch.setattr(bench, "_fill_and_ask", ask)
    monkeypatch.setattr(bench, "running_prometheus", lambda *_: Server())
    monkeypatch.setattr(bench, "first_paint", lambda url: figure(f"painted of {url}", 700, "ms"))


def test_what_a_user_waits_for_all_boards_is_the_median(monkeypatch):
    """One that came soon does not hide that others do not."""
    seconds = iter((1.0, 9.0, 4.0))
    monkeypatch.setattr(bench, "_build_seconds", lambda: next(seconds))

    assert 4.0 == bench.build_seconds(3)


def test_figures_are_printed_as_they_come_the_quick_ones_first(capsys, measured):
    """The time to build is far below its bar, were the machine not busy."""
    bench.main()
    build, *others = [
        each
        for line in capsys.readouterr().out.splitlines()
        for each in json.loads(line)["figures"]
    ]
    assert ("dashboards.build_seconds", "s", 5) == (
        build["name"], build["unit"], build["baseline"],
    )  # fmt: skip
    assert 0 < build["value"] < 60
    assert ["dashboards.fleet_query_p95_ms", "samples", "painted of http://x"] == [
        each["name"] for each in others
    ]

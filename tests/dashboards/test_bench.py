"""The figures of dashboards."""

import json

from dashboards import bench
from exporters.benching import figure


def test_the_time_to_build_all_boards_is_measured(capsys, monkeypatch):
    """Far below its bar, were the machine not busy; the first paint comes after it."""
    paint = figure("dashboards.first_paint_ms", 700, "ms")
    monkeypatch.setattr(bench, "TIMES", 1)
    monkeypatch.setattr(bench, "first_paint", lambda: paint)
    bench.main()
    printed = [json.loads(line)["figures"] for line in capsys.readouterr().out.splitlines()]
    (build,), painted = printed
    assert [paint] == painted
    assert ("dashboards.build_seconds", "s", None) == (
        build["name"], build["unit"], build["baseline"],
    )  # fmt: skip
    assert 0 < build["value"] < 60

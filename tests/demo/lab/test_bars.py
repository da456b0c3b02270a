"""Bars stand beside figures, and what does not keep them is said."""

from demo.lab.bars import BARS, broken, figure_blocks
from exporters.benching import Figure, figure, unmeasured

KEPT = [figure(each.name, each.bar, "units") for each in BARS]


def with_one(changed: Figure) -> list[Figure]:
    """Return figures that are kept but for one."""
    return [changed if each["name"] == changed["name"] else each for each in KEPT]


def test_a_figure_that_is_its_bar_keeps_it():
    """All of them."""
    assert [] == broken(KEPT)


def test_a_figure_beyond_its_bar_breaks_it():
    """Above where it may be at most so much, below where it must be at least."""
    late = with_one(figure("lab.lost_gpu_seconds", 45.5, "s"))
    short = with_one(figure("lab.snowball_lead_seconds", 119.0, "s"))

    assert ["lab.lost_gpu_seconds: broken: 45.5 s, expected at most 45"] == broken(late)
    assert ["lab.snowball_lead_seconds: broken: 119 s, expected at least 120"] == broken(short)


def test_what_was_not_measured_is_not_kept():
    """Whether it is left out or says why."""
    name = "lab.storm_events"
    without = [each for each in KEPT if each["name"] != name]
    said = with_one(unmeasured(name, "events", "no storm came"))

    assert [f"{name}: not measured: no such figure, expected at most 5"] == broken(without)
    assert [f"{name}: not measured: no storm came, expected at most 5"] == broken(said)


def test_the_table_has_all_figures_with_their_bars():
    """Those that have none, too."""
    late = with_one(figure("lab.minutes", 31.24, "min"))
    heading, table = figure_blocks([figure("lab.healthy_cause_hours", 11.7, "h"), *late])

    assert "## Figures" == heading
    rows = table.splitlines()
    assert "| figure | value | bar | verdict |" == rows[0]
    assert "| lab.faults_missed | 0 units | at most 0 | kept |" == rows[2]
    assert "| lab.minutes | 31.24 min | at most 20 | BROKEN |" in rows
    assert "| lab.healthy_cause_hours | 11.7 h |  |  |" == rows[-1]

"""The page stands by itself, and draws what was played."""

import re
from html.parser import HTMLParser
from typing import ClassVar

from demo.lab.drawing import drawing
from demo.lab.page import page_text
from tests.demo.lab.outcomes import PICTURE, alert, outcome, shown

PLAYED = outcome(
    alert("GpuLost", "expected", 21.4, paged_seconds=50.0, resolved_seconds=300.0),
    alert("<b>", "forbidden", 30),
    pictures=[PICTURE],
    failures=["<script>alert(1)</script> fired"],
)


class Checker(HTMLParser):
    """Notes what is open, and what would be loaded."""

    empty: ClassVar = {"meta"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag, attrs):
        """Note it."""
        if tag not in self.empty:
            self.open.append(tag)
        self.loaded += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        """It ends what was opened last."""
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing() -> None:
    """It is opened from a disk, without a network."""
    checker = Checker()
    checker.feed(page_text([PLAYED]))

    assert [] == checker.open
    assert [] == [each for each in checker.loaded if not each.startswith("#")]


def test_a_cell_of_the_grid_says_what_an_alert_is_worth_in_a_play() -> None:
    """By its colour, and in words for those who point at it."""
    text = page_text([PLAYED, outcome(scenario="other")])
    assert '<td class="good" title="gpu-lost: GpuLost: yes">21</td>' in text
    assert '<td class="bad" title="other: GpuLost: MISSED">no</td>' in text
    assert '<th><a href="#other">other</a></th>' in text


def test_what_others_named_is_text_and_no_markup() -> None:
    """Names of alerts and labels come from rule files."""
    text = page_text([PLAYED])
    assert "<script" not in text
    assert "<b>" not in text


def test_what_a_board_does_not_show_stands_out() -> None:
    """In the table of boards."""
    text = page_text([outcome(boards=[shown(15.0), shown(None, "0 at the most")])])
    assert "<h2>Boards</h2>" in text
    assert '<td class="bad">NOT SHOWN: 0 at the most</td>' in text.replace(' short"', '"')


def test_a_page_and_its_resolve_are_marked_on_the_bar() -> None:
    """Once each."""
    text = drawing(PLAYED)
    assert 1 == text.count("<title>page</title>")
    assert 1 == text.count("<title>resolved</title>")


def test_a_gap_in_a_burn_rate_is_no_point() -> None:
    """A window without events has no ratio."""
    assert "nan" not in drawing(PLAYED).lower()


def test_a_threshold_stands_with_its_windows() -> None:
    """At the burn rate above which a tier pages."""
    assert "page above 14.4 (1h)" in drawing(PLAYED)


def test_a_picture_begins_with_what_really_happened() -> None:
    """Before what was measured of it: the truth as a line, at the scale of its worst."""
    text = drawing(PLAYED)
    (line,) = re.findall(r'<polyline points="([^"]+)" style="[^"]*var\(--truth\)', text)
    assert 3 == len(line.split())
    assert text.index("bad events in truth") < text.index("burn rate by window")
    assert ">40 %<" in text
    assert "allowed 0.1 %" in text

"""Layout: bands of panels, one under the other."""

import pytest
from grafanalib.core import RowPanel, Text

from dashboards.layout import Band, place


def panel(title: str) -> Text:
    """Return some panel."""
    return Text(title=title)


def test_panels_of_a_band_share_the_width_evenly_unless_told_otherwise():
    """Each band starts where the one above it ends."""
    placed = place([Band(4, (panel("a"), panel("b"))), Band(8, (panel("c"), panel("d")), (8, 16))])
    expected = [
        ("a", {"h": 4, "w": 12, "x": 0, "y": 0}),
        ("b", {"h": 4, "w": 12, "x": 12, "y": 0}),
        ("c", {"h": 8, "w": 8, "x": 0, "y": 4}),
        ("d", {"h": 8, "w": 16, "x": 8, "y": 4}),
    ]
    assert expected == [(each.title, each.gridPos.to_json_data()) for each in placed]


def test_what_follows_a_closed_row_stands_within_it_up_to_the_next_row():
    """With the places it has when the row is opened; what comes after is pulled up."""
    closed = RowPanel(title="closed", collapsed=True)
    bands = [
        Band(4, (panel("a"),)),
        Band(1, (closed,)),
        Band(8, (panel("b"),)),
        Band(8, (panel("c"),)),
        Band(1, (RowPanel(title="open"),)),
        Band(8, (panel("d"),)),
    ]
    expected = [("a", 0, []), ("closed", 4, [("b", 5), ("c", 13)]), ("open", 5, []), ("d", 6, [])]
    for _ in range(2):  # drawn up twice, the row does not hold them twice
        found = [
            (
                each.title,
                each.gridPos.y,
                [(inner.title, inner.gridPos.y) for inner in getattr(each, "panels", [])],
            )
            for each in place(bands)
        ]
        assert expected == found


@pytest.mark.parametrize("widths", [(8, 8), (24,), (8, 8, 8)])
def test_widths_that_do_not_fill_the_band_are_refused(widths: tuple[int, ...]):
    """A hole or an overlap is a mistake."""
    with pytest.raises(ValueError, match="expected 24 in all"):
        Band(4, (panel("a"), panel("b")), widths)


def test_a_number_of_panels_that_does_not_divide_the_width_needs_widths():
    """Seven panels cannot share 24 columns."""
    with pytest.raises(ValueError, match="expected 24 in all"):
        Band(4, tuple(panel(str(i)) for i in range(7)))

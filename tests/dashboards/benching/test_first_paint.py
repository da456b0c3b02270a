"""How soon a board can be read."""

from contextlib import nullcontext

from dashboards.benching import first_paint


def test_the_time_to_read_a_board_is_the_median_of_its_pages(monkeypatch):
    """One that was drawn soon does not hide that others were not."""
    monkeypatch.setattr(first_paint, "_preview", nullcontext)
    monkeypatch.setattr(first_paint, "paint_milliseconds", lambda _: iter((300.0, 900.0, 700.0)))

    found = first_paint.first_paint("http://x")

    assert ("dashboards.first_paint_ms", 700.0, "ms") == (
        found["name"], found["value"], found["unit"],
    )  # fmt: skip

"""The file of figures, and what it refuses."""

from importlib.resources import files

import pytest

from demo.sim.hardware.figures import parse_hardware_figures, read_hardware_figures
from exporters.documents import parse_documents
from exporters.problems import InputError

TEXT = files("demo.sim").joinpath("hardware.yaml").read_text(encoding="utf-8")


def test_the_table_is_that_of_llama_3():
    """419 unexpected interruptions, of which 148 are faulty GPUs."""
    rows = {row.name: row.count for row in read_hardware_figures().failures.rows}
    assert sum(rows.values()) == 419
    assert rows["Faulty GPU"] == 148


def test_limits_are_in_the_order_in_which_they_are_reached():
    """A GPU slows down before it shuts down, and restarts when it is cool."""
    heat = read_hardware_figures().heat
    assert heat.inlet_celsius < heat.restart_celsius < heat.limit_celsius < heat.shutdown_celsius


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "limit_celsius: {value: 87, source: capture}",
            "limit_celsius: {value: 87, source: hearsay}",
            "found 'hearsay', expected one of: capture, llama3, delta, memory, chosen",
        ),
        (
            "limit_celsius: {value: 87, source: capture}",
            "limit_celsius: 87",
            "found 87, expected a value and its source",
        ),
        (
            "{lost-gpu: 0.75, nvlink: 0.25}",
            "{lost-gpu: 0.75}",
            "found shares that sum to 0.75, expected 1",
        ),
        (
            "    gsp: {hours_median",
            "    hbm-: {hours_median",
            "found 'hbm-', expected",
        ),
        (
            "    gsp: {hours_median: 0.65, hours_sigma: 0.8, source: memory}\n",
            "",
            "no repair time of gsp, which rows name",
        ),
        ("noise_ratio", "noise", "missing, expected a value"),
    ],
)
def test_a_figure_that_cannot_be_is_refused_with_its_place(old, new, sentence):
    """A typing error must not become a rate."""
    assert old in TEXT
    (document,) = parse_documents(TEXT.replace(old, new), "hardware.yaml")
    with pytest.raises(InputError) as refused:
        parse_hardware_figures(document)
    assert sentence in str(refused.value)

"""The merged figures of all packages have the shape of bench.json."""

import json
from pathlib import Path

import pytest

from tests.bench import figures_of, merge, programs

FAST = {"name": "rules/build", "value": 1.5, "unit": "s", "baseline": None}
SLOW = {"name": "exporters/scrape", "value": 30, "unit": "ms", "baseline": 50}


def test_figures_are_merged_and_sorted_by_name():
    """The file does not depend on the order of the packages."""
    assert {"figures": [SLOW, FAST]} == json.loads(merge([FAST, SLOW]))


def test_two_figures_of_one_name_are_refused():
    """One would hide the other."""
    with pytest.raises(ValueError, match="two figures are called rules/build"):
        merge([FAST, FAST])


def test_a_figure_without_its_unit_is_refused():
    """A value without a unit says nothing."""
    text = json.dumps({"figures": [{"name": "x", "value": 1, "baseline": None}]})

    with pytest.raises(ValueError, match=r"slo: a figure has \['baseline', 'name', 'value'\]"):
        figures_of("slo", text)


def test_the_programs_are_named_as_packages_look_for_them():
    """Each by a path that is there."""
    found = programs()

    assert {"SHARDWATCH_PROMETHEUS", "SHARDWATCH_PROMTOOL"} <= found.keys()
    assert all(Path(path).is_file() for path in found.values())


def test_a_figure_that_could_not_be_measured_says_why():
    """One that is left out is missed by nobody."""
    without = {**FAST, "value": None}
    told = {**without, "reason": "no GPU here"}
    assert figures_of("slo", json.dumps({"figures": [told]})) == [told]
    for wrong in (without, {**FAST, "reason": "why?"}):
        with pytest.raises(ValueError, match="slo: a figure has"):
            figures_of("slo", json.dumps({"figures": [wrong]}))

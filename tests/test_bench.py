"""The merged figures of all packages have the shape of bench.json."""

import json
from pathlib import Path

import pytest

from tests.bench import figures_of, main, merge, programs

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
        list(figures_of("slo", [text]))


def test_figures_are_there_as_soon_as_they_are_printed():
    """In one piece of several lines, or in several pieces."""
    lines = [json.dumps({"figures": [FAST]}) + "\n",
             *json.dumps({"figures": [SLOW]}, indent=2).splitlines(keepends=True)]  # fmt: skip
    printed = iter(lines)

    assert FAST == next(figures_of("slo", printed))
    assert lines[1:] == list(printed)
    assert [FAST, SLOW] == list(figures_of("slo", lines))
    with pytest.raises(ValueError, match="slo: printed 'Traceback', expected JSON"):
        list(figures_of("slo", ["Traceback"]))


def test_a_bench_that_fails_costs_no_other_its_figures(tmp_path, capsys):
    """What it has printed is kept too; the exit code tells."""

    def run(package):
        if package == "exporters":
            yield SLOW
        if package == "slo":
            yield FAST
            raise ValueError("slo: its bench ended with 1")

    assert 1 == main(tmp_path / "bench.json", run)

    assert {"figures": [SLOW, FAST]} == json.loads((tmp_path / "bench.json").read_text())
    out, err = capsys.readouterr()
    assert out.startswith("exporters/scrape: 30 ms\nrules/build: 1.5 s\n2 figures in ")
    assert err == "slo: its bench ended with 1\n"


def test_the_programs_are_named_as_packages_look_for_them():
    """Each by a path that is there."""
    found = programs()

    assert {"SHARDWATCH_PROMETHEUS", "SHARDWATCH_PROMTOOL"} <= found.keys()
    assert all(Path(path).is_file() for path in found.values())


def test_a_figure_that_could_not_be_measured_says_why():
    """One that is left out is missed by nobody."""
    without = {**FAST, "value": None}
    told = {**without, "reason": "no GPU here"}
    assert list(figures_of("slo", [json.dumps({"figures": [told]})])) == [told]
    for wrong in (without, {**FAST, "reason": "why?"}):
        with pytest.raises(ValueError, match="slo: a figure has"):
            list(figures_of("slo", [json.dumps({"figures": [wrong]})]))


def test_figures_of_packages_that_are_not_run_stay(tmp_path):
    """One that is measured anew is replaced."""
    out = tmp_path / "bench.json"
    out.write_text(merge([SLOW, {**FAST, "value": 9}]))

    assert 0 == main(out, lambda _: [FAST], ["slo"])

    assert {"figures": [SLOW, FAST]} == json.loads(out.read_text())

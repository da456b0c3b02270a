"""Scenarios: what is read, and what is refused with which words."""

from pathlib import Path

import pytest

from demo.scenario import check_places, find_scenario, read_scenario, scenario_names
from exporters.problems import InputError

GOOD = """\
name: one
engine: sim
story: A GPU is lost.
faults:
- {fault: lost-gpu, at: 10s, length: 60s, place: {group: eu-chat-0}}
expect:
- {alert: GpuLost, within: 15s}
"""


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_that_comes_with_shardwatch_reads(name: str):
    """The file's name is the scenario's."""
    assert read_scenario(find_scenario(name)).name == name


@pytest.mark.parametrize(
    ("found", "instead", "message"),
    [
        (
            "lost-gpu",
            "lost-cpu",
            "s.yaml:5:4: faults[0].fault: found 'lost-cpu', expected a fault that sim knows; take "
            "one of: engine-restart, exporter-restart, lost-gpu, tool-outage",
        ),
        (
            "lost-gpu",
            "frozen-worker",
            "s.yaml:5:4: faults[0].fault: found 'frozen-worker', expected a fault that sim knows; "
            "take one of: engine-restart, exporter-restart, lost-gpu, tool-outage",
        ),
        (
            "{group: eu-chat-0}",
            "{host: h1}",
            "s.yaml:5:43: faults[0].place: missing group; add it",
        ),
        (
            "{group: eu-chat-0}",
            "{group: eu-chat-0, rack: r1}",
            "s.yaml:5:69: faults[0].place.rack: lost-gpu has no 'rack'; "
            "take one of: group, host, uuid",
        ),
        (
            "length: 60s, ",
            "",
            "s.yaml:5:3: faults[0].length: lost-gpu needs a length",
        ),
        (
            "at: 10s",
            "at: soon",
            "s.yaml:5:21: faults[0].at: 'soon' is no duration such as 15s, 1h30m or 28d",
        ),
        (
            "within: 15s",
            "within: 15s, cause: GpuLost",
            "s.yaml:7:33: expect[0].cause: only a page names a cause",
        ),
        (
            "expect:\n- {alert: GpuLost, within: 15s}\n",
            "",
            "s.yaml:1:1: watch: nothing is expected and nothing ends the scenario; "
            "say how long to watch",
        ),
        ("story:", "tale:", "s.yaml:1:1: story: missing, expected a value; add it"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused(
    tmp_path: Path, found: str, instead: str, message: str
):
    """Each case breaks the good scenario in one way and gets the place and what to do."""
    assert found in GOOD
    with pytest.raises(InputError) as refused:
        _read(tmp_path, GOOD.replace(found, instead))
    assert message in str(refused.value).replace(f"{tmp_path}/", "").splitlines()


def test_an_unknown_name_lists_those_that_there_are():
    """So that a typing error costs one look."""
    with pytest.raises(InputError) as refused:
        find_scenario("gpu-lots")
    assert str(refused.value) == (
        "gpu-lots: no such scenario, neither a file nor one by that name; "
        "take one of: calm, frozen-worker, gpu-lost, tool-outage"
    )


def test_a_place_that_the_cluster_has_not_is_refused(tmp_path: Path):
    """Before anything is started."""
    file = tmp_path / "s.yaml"
    file.write_text(GOOD)
    with pytest.raises(InputError) as refused:
        check_places(file, read_scenario(file), {"groups": [{"name": "g", "region": "eu"}]})
    assert str(refused.value) == (
        f"{file}:5:51: faults[0].place.group: found 'eu-chat-0', expected a group of the cluster; "
        "take one of: g"
    )


def _read(folder: Path, text: str):
    file = folder / "s.yaml"
    file.write_text(text)
    return read_scenario(file)

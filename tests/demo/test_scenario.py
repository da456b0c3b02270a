"""Scenarios: what is read, and what is refused with which words."""

from pathlib import Path

import pytest

from alerts.runbooks import runbook_names
from demo.faults import FAULTS
from demo.places import check_places
from demo.scenario import find_scenario, read_scenario, scenario_names
from demo.sim.plan import plan_simulator
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


def _of_engine(engine: str) -> list[str]:
    return [
        name for name in scenario_names() if read_scenario(find_scenario(name)).engine == engine
    ]


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_that_comes_with_shardwatch_reads(name: str):
    """The file's name is the scenario's."""
    assert read_scenario(find_scenario(name)).name == name


@pytest.mark.parametrize("name", [*_of_engine("sim"), *_of_engine("lab")])
def test_every_scenario_can_be_played_on_the_usual_cluster(name: str, tmp_path: Path):
    """Its places are there, and its faults do not contradict each other."""
    file = find_scenario(name)
    check_places(file, read_scenario(file), plan_simulator(19820, directory=tmp_path))


@pytest.mark.parametrize(
    ("found", "instead", "message"),
    [
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
        (
            "place: {group: eu-chat-0}",
            "strength: 0.5, place: {group: eu-chat-0}",
            "s.yaml:5:43: faults[0].strength: lost-gpu has no strength, it is there or not; "
            "remove it",
        ),
        (
            "expect:",
            "strengths: [1]\nexpect:",
            "s.yaml:6:13: strengths[0]: lost-gpu has no strength, it is there or not; remove it",
        ),
        (
            "lost-gpu",
            "straggler, strength: 1.5",
            "s.yaml:5:22: faults[0].strength: found 1.5, expected 0.001 to 1 "
            "(share of the GPU's speed that is lost)",
        ),
        (
            "lost-gpu, at: 10s, length: 60s, place: {group: eu-chat-0}}",
            "straggler, at: 10s, length: 60s, place: {group: eu-chat-0}}\nstrengths: [.4, 0, .4]",
            "s.yaml:6:17: strengths[1]: found 0, expected 0.001 to 1 "
            "(share of the GPU's speed that is lost)\n"
            "s.yaml:6:20: strengths[2]: found 0.4 twice; remove one",
        ),
        (
            "lost-gpu, at: 10s, length: 60s, place: {group: eu-chat-0}}",
            "straggler, at: 10s, length: 60s, place: {group: eu-chat-0}}\nstrengths: [.5, .3]",
            "s.yaml:6:1: strengths: the first fault's own strength 0.4 is not among them; add it",
        ),
        (
            "faults:",
            "starts_at: fri 24:30\nfaults:",
            "s.yaml:4:1: starts_at: found 'fri 24:30', expected a weekday and a time such as "
            "'fri 19:30'",
        ),
        (
            "alert: GpuLost",
            "alert: NoSuchAlert",
            "s.yaml:7:4: expect[0].alert: found 'NoSuchAlert', expected an alert that shardwatch "
            f"has; take one of: {', '.join(runbook_names())}",
        ),
        (
            "expect:",
            "forbid: [{alert: NoSuchAlert}]\nexpect:",
            "s.yaml:6:11: forbid[0].alert: found 'NoSuchAlert', expected an alert",
        ),
        (
            "within: 15s",
            "within: 15s, holds: 'up ==== 1'",
            "s.yaml:7:33: expect[0].holds: found 'up ==== 1', which is not PromQL: "
            "invalid promql query; correct the expression",
        ),
        (
            "expect:",
            "shows: ['up == 1', 'shardwatch_gpu_stat > 0']\nexpect:",
            "s.yaml:6:20: shows[1]: found the series 'shardwatch_gpu_stat', which nobody serves or "
            "records; the nearest that there are: shardwatch_gpu_state, ",
        ),
        (
            "expect:",
            "shows: ['up[5m]']\nexpect:",
            "s.yaml:6:9: shows[0]: found a range or a text, expected a condition that holds at a "
            "moment",
        ),
        (
            "expect:",
            "shows: ['vector(1)']\nexpect:",
            "s.yaml:6:9: shows[0]: found a condition about no series; "
            "name what must be true of which series",
        ),
        (
            "expect:",
            "watch: 20s\nexpect:",
            "s.yaml:8:20: expect[0].within: found 15s after the first fault, which is 25s after "
            "the start, and watch ends at 20s; watch longer",
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
    assert message in str(refused.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize("name", ["lost-cpu", "exporter"])
def test_an_unknown_fault_is_refused_with_those_that_the_engine_knows(tmp_path: Path, name: str):
    """All of them, by name."""
    known = sorted(each for each, kind in FAULTS.items() if "sim" in kind.engines)
    with pytest.raises(InputError) as refused:
        _read(tmp_path, GOOD.replace("lost-gpu", name))
    assert str(refused.value) == (
        f"{tmp_path}/s.yaml:5:4: faults[0].fault: found '{name}', expected a fault that sim knows; "
        f"take one of: {', '.join(known)}"
    )


def test_real_vllm_has_no_faults_of_hardware_and_no_time_of_the_week(tmp_path: Path):
    """What only a simulator can do is refused before anything starts."""
    text = GOOD.replace("engine: sim", "engine: vllm\nstarts_at: fri 19:30")
    with pytest.raises(InputError) as refused:
        _read(tmp_path, text)
    assert "starts_at: only simulated traffic can stand at a time of the week" in str(refused.value)
    assert "found 'lost-gpu', expected a fault that vllm knows" in str(refused.value)


def test_what_the_lab_alone_can_do_is_refused_of_a_demo(tmp_path: Path):
    """Servers of shardwatch's own that ail, and users that always were others."""
    users = "users: [{region: eu, model: chat, requests_per_hour: 6}]\nfaults:"
    ails = "fault: slow-rules, at: 10s, length: 60s, place: {server: prometheus}"
    (line,) = (each for each in GOOD.splitlines() if "lost-gpu" in each)
    text = GOOD.replace("faults:", users).replace(line, f"- {{{ails}}}")
    with pytest.raises(InputError) as refused:
        _read(tmp_path, text)
    assert "users: only the lab can play with other users than the usual" in str(refused.value)
    assert "found 'slow-rules', expected a fault that sim knows" in str(refused.value)

    played = _read(tmp_path, text.replace("engine: sim", "engine: lab"))
    assert played.is_simulated
    assert 6 == played.users[0].requests_per_hour


def test_the_first_fault_is_played_at_another_strength(tmp_path: Path):
    """Only the first, whatever its place in the file."""
    later = "- {fault: straggler, at: 20s, length: 60s, strength: 0.9, place: {group: us-chat-0}}"
    text = GOOD.replace("lost-gpu", "straggler").replace("expect:", f"{later}\nexpect:")
    scenario = _read(tmp_path, text)
    assert (0.4, (0.4,)) == (scenario.strength, scenario.promised_strengths)
    weaker = scenario.at_strength(0.2)
    assert [0.2, 0.9] == [each.strength for each in weaker.faults]
    assert 0.2 == weaker.strength


def test_a_fault_without_a_strength_promises_none(tmp_path: Path):
    """It is there or it is not."""
    scenario = _read(tmp_path, GOOD)
    assert (None, ()) == (scenario.strength, scenario.promised_strengths)


def test_cells_that_nobody_sees_are_those_with_the_labels(tmp_path: Path):
    """A region hides all of its cells."""
    scenario = _read(tmp_path, f"{GOOD}unseen: [{{region: us}}]\n")
    assert scenario.hides({"region": "us", "model": "chat"})
    assert not scenario.hides({"region": "eu", "model": "chat"})


def test_an_unknown_name_lists_those_that_there_are():
    """So that a typing error costs one look."""
    with pytest.raises(InputError) as refused:
        find_scenario("gpu-lots")
    assert str(refused.value) == (
        "gpu-lots: no such scenario, neither a file nor one by that name; "
        f"take one of: {', '.join(scenario_names())}"
    )


def _read(folder: Path, text: str):
    file = folder / "s.yaml"
    file.write_text(text)
    return read_scenario(file)

"""What a run asks of the engine that it plans."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from demo.scenario import find_scenario, read_scenario
from demo.stack.layout import DEFAULT_PORTS, Layout
from demo.stack.ports import Ports
from demo.stack.run import Options, _plan, run_demo
from demo.stack.terminal import Terminal
from exporters.problems import InputError


def test_the_simulator_is_planned_with_the_options_and_the_hour_of_the_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Size, seed and speed are the user's, the time of the week is the story's."""
    asked: dict[str, Any] = {}

    def plan_simulator(port: int, **keywords: Any) -> str:
        asked.update(port=port, **keywords)
        return "plan"

    monkeypatch.setattr("demo.stack.run.plan_simulator", plan_simulator)
    file = find_scenario("calm")
    story = read_scenario(file).model_copy(update={"starts_at": "sat 08:15"})
    options = Options(story, file, None, None, stay=True, groups=4, seed=7, speed=60.0)

    assert "plan" == _plan(options, Layout(tmp_path, DEFAULT_PORTS), Ports())
    assert {
        "port": DEFAULT_PORTS["engine"],
        "directory": tmp_path,
        "seed": 7,
        "groups": 4,
        "starts_at": "sat 08:15",
        "speed": 60.0,
    } == asked


@pytest.mark.parametrize("option", ["folder", "out"])
async def test_a_folder_that_cannot_be_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
):
    """That of the state and that of the report."""

    async def run(*_: object) -> list[str]:
        raise AssertionError("it was started")

    monkeypatch.setattr("demo.stack.run._Demo.run", run)
    (tmp_path / "file").touch()
    file = find_scenario("calm")
    folders = {"folder": tmp_path / "state", "out": None, option: tmp_path / "file" / "x"}
    options = Options(read_scenario(file), file, **folders, stay=False)
    with pytest.raises(InputError) as refused:
        await run_demo(options, Terminal(StringIO()))
    assert str(refused.value) == (
        f"{tmp_path}/file/x: cannot be used: Not a directory; "
        f"give another folder with {'--dir' if option == 'folder' else '--out'}"
    )

"""What cells do while nothing is wrong, for their history: as the simulator does it."""

import numpy as np
import pytest

from demo.sim.habits import habits_of

MIDDLE = 1_790_000_000.0 + 1800
"""Of the hour, UNIX seconds."""


@pytest.fixture(scope="module")
def hour(make_run):
    """What is told of an ordinary hour in the afternoon."""
    run = make_run(step_seconds=15.0, warm_up_seconds=900.0, seed=3)
    run.seconds(3600)
    return {
        (each["slo"], *each["labels"].values()): (each["bad"], each["total"])
        for each in run.told()["classes"]
    }


@pytest.mark.parametrize("model", ["agent", "chat", "code"])
def test_habits_are_of_the_objectives_that_are_told(hour, model):
    """With as many events as there are, and as few bad ones."""
    habits = {habit.slo: habit for habit in habits_of("eu", model, 2)}
    told = {slo for slo, region, asked in hour if (region, asked) == ("eu", model)}
    assert set(habits) == told
    for slo, habit in habits.items():
        bad, total = hour[slo, "eu", model]
        assert dict(habit.labels) == {"region": "eu", "model": model}
        swing = float(habit.swing(np.array([MIDDLE]))[0])
        assert total / 3600 == pytest.approx(habit.events_per_second * swing, rel=0.2)
        assert 0.1 * habit.bad_ratio < bad / total < 10 * habit.bad_ratio  # a blip or none

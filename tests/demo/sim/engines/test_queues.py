"""Queues: first come, first served, until the deadline of a first token."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.sim.engines.figures import FIRST_TOKEN_DEADLINE_SECONDS
from demo.sim.engines.queues import start_queues

LENGTHS = (0.5, 1.0, 2.5, 5.0)
amounts = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 1)), min_size=1, max_size=60)


def _follow(*, h: float, arriving: float, served: float, seconds: float):
    """Return what came, was served, was late and waits at last; and the last waits."""
    queues = start_queues(1, h)
    came = begun_all = late_all = wait = 0.0
    for _ in range(round(seconds / h)):
        queues.join(np.array([arriving * h]))
        begun = np.minimum(queues.waiting(), served * h)
        waits, late = queues.leave(begun, h)
        came, begun_all, late_all = came + arriving * h, begun_all + begun[0], late_all + late[0]
        wait = float(waits[0])
    return came, begun_all, late_all, float(queues.waiting()[0]), wait


@given(amounts, st.sampled_from(LENGTHS))
def test_all_who_came_were_served_or_late_or_wait(story, h):
    """And the queue is never shorter than nothing."""
    queues, came, gone = start_queues(1, h), 0.0, 0.0
    for arriving, part in story:
        queues.join(np.array([arriving]))
        begun = queues.waiting() * part
        _, late = queues.leave(begun, h)
        came, gone = came + arriving, gone + begun[0] + late[0]
        assert queues.waiting()[0] >= -1e-9
    assert gone + queues.waiting()[0] == pytest.approx(came, abs=1e-6)


@given(amounts, st.sampled_from(LENGTHS))
def test_nobody_waits_longer_than_the_deadline(story, h):
    """Neither the head, nor who was served in the mean."""
    queues = start_queues(1, h)
    for arriving, part in story:
        queues.join(np.array([arriving]))
        wait, _ = queues.leave(queues.waiting() * part, h)
        assert 0 <= wait[0] <= FIRST_TOKEN_DEADLINE_SECONDS
        assert 0 <= queues.head_seconds[0] <= FIRST_TOKEN_DEADLINE_SECONDS


@pytest.mark.parametrize("h", LENGTHS)
def test_where_nobody_is_served_the_head_waits_as_long_as_time_passes(h):
    """Until its deadline: then the next is the head."""
    queues = start_queues(1, h)
    for passed in range(1, round(20 / h)):
        queues.join(np.array([4.0]))
        queues.leave(np.zeros(1), h)
        assert queues.head_seconds[0] == pytest.approx(min(passed * h, 10.0))


def test_the_oldest_are_served_first():
    """Ten came three seconds ago, ten a second ago; who serves twelve has served the first ten."""
    queues = start_queues(1, 1.0)
    for arriving in (10.0, 0.0, 10.0):
        queues.join(np.array([arriving]))
        queues.leave(np.zeros(1), 1.0)
    queues.join(np.zeros(1))
    queues.leave(np.array([9.99]), 1.0)
    assert queues.head_seconds[0] == pytest.approx(3.0, abs=0.01)
    queues.join(np.zeros(1))
    queues.leave(np.array([2.01]), 1.0)
    assert queues.head_seconds[0] == pytest.approx(2.8, abs=0.01)


@pytest.mark.parametrize("h", LENGTHS)
def test_nobody_is_late_before_the_deadline_and_all_are_after_it(h):
    """Of a hundred that came in one substep."""
    queues = start_queues(1, h)
    queues.join(np.array([100.0]))
    _, late = queues.leave(np.zeros(1), h)
    passed, expired = h, [late[0]]
    while passed < FIRST_TOKEN_DEADLINE_SECONDS:
        assert sum(expired) == 0
        queues.join(np.zeros(1))
        _, late = queues.leave(np.zeros(1), h)
        expired.append(late[0])
        passed += h
    queues.join(np.zeros(1))
    _, late = queues.leave(np.zeros(1), h)
    assert sum(expired) + late[0] == 100.0


@pytest.mark.parametrize("h", LENGTHS)
def test_the_late_share_is_the_same_at_any_length_of_a_substep(h):
    """Twenty a second come, fifteen can be served: a quarter is late, the others nearly."""
    came, served, late, waiting, wait = _follow(h=h, arriving=20.0, served=15.0, seconds=600)
    assert late / (came - waiting) == pytest.approx(0.25, rel=0.08)
    assert wait == pytest.approx(FIRST_TOKEN_DEADLINE_SECONDS, abs=h)
    assert served + late + waiting == pytest.approx(came)


def test_a_queue_that_is_emptied_has_no_head():
    """Other queues keep theirs."""
    queues = start_queues(2, 1.0)
    queues.join(np.array([5.0, 7.0]))
    queues.leave(np.zeros(2), 1.0)
    queues.empty(np.array([True, False]))
    assert queues.waiting().tolist() == [0.0, 7.0]
    assert queues.head_seconds.tolist() == [0.0, 1.0]

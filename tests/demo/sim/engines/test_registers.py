"""Registers: an engine's memory, which dies with its process."""

import numpy as np

from demo.sim.engines.registers import LEVEL_COUNT, LEVEL_PLACES, Number, start_registers


def test_a_restart_sets_an_engines_numbers_to_those_of_a_new_process():
    """Its neighbour's stay."""
    registers = start_registers(2, now=100.0)
    registers.numbers[Number.PROMPT_TOKENS] += np.array([3.0, 5.0])
    registers.add_levels("gaps", np.array([1, 2]), np.array([7.0, 9.0]))
    registers.restart(np.array([True, False]), now=200.0)
    assert registers.numbers[Number.PROMPT_TOKENS].tolist() == [0.0, 5.0]
    assert registers.numbers[Number.STARTED].tolist() == [200.0, 100.0]
    assert registers.numbers[Number.ALWAYS].tolist() == [1.0, 1.0]
    assert registers.levels.sum(axis=1).tolist() == [0.0, 9.0]


def test_levels_are_counted_where_they_stand():
    """One an engine, each in its own row."""
    registers = start_registers(2, now=0.0)
    registers.add_levels("finished_waits", np.array([0, 3]), np.array([1.5, 2.5]))
    first = LEVEL_PLACES["finished_waits"].start
    assert registers.levels[0, first] == 1.5
    assert registers.levels[1, first + 3] == 2.5
    assert registers.levels.sum() == 4.0


def test_kinds_of_levels_do_not_overlap_and_fill_the_row():
    """Each starts where the one before ends."""
    places = list(LEVEL_PLACES.values())
    ends = [place.stop for place in places]
    assert [place.start for place in places] == [0, *ends[:-1]]
    assert ends[-1] == LEVEL_COUNT

"""What simulated engines answer to probes."""

import pytest

from demo.scenario import find_scenario, read_scenario
from demo.sim import completions
from demo.sim.plan import DEFAULT_GROUPS
from demo.stack.servers import probe_interval_seconds
from exporters import catalog
from exporters.probe.core import ProbeCore, Reply
from exporters.probe.prompts import PROMPTS, TOKENS
from exporters.sources import Answers

SCENARIO = read_scenario(find_scenario("silent-corruption"))


@pytest.mark.parametrize("strength", SCENARIO.promised_strengths)
def test_probes_find_the_group_that_computes_wrong_numbers(warm, make_topology, strength):
    """At each strength of the scenario, while it lasts, and nobody else."""
    interval = probe_interval_seconds(DEFAULT_GROUPS)
    core = ProbeCore(make_topology(), interval, 10.0, 0.0)
    find = warm.state.fleet.names.find_group

    def until(end: float) -> dict[str, float]:
        while core.next_due() <= end:
            now = core.next_due()
            for probe in core.due(now):
                prompt = PROMPTS[probe.prompt]
                text = completions.answer(warm.state, find(probe.to), prompt, TOKENS)
                core.note(probe, Reply("ok", "none", text), now)
        return {labels[-1]: value for labels, value in
                core.observe(Answers({}), end).of(catalog.PROBE_DISAGREES).items()}  # fmt: skip

    begins = 30.0
    until(begins)
    warm.strike("silent-corruption", strength, **SCENARIO.first_fault.place)
    told = until(begins + (SCENARIO.first_fault.length or 0.0))

    assert told["eu-chat-1"] == 1.0
    assert {value for group, value in told.items() if group != "eu-chat-1"} == {0.0}

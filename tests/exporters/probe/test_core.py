"""The core of the probe exporter."""

import pytest

from exporters import catalog
from exporters.probe.core import Probe, ProbeCore, Reply
from exporters.probe.prompts import PROMPTS
from exporters.sources import Answers

INTERVAL = 10.0
DEADLINE = 5.0


class Run:
    """Virtual time: probes are answered as they are sent."""

    def __init__(self, topology, answer) -> None:
        self.core = ProbeCore(topology, INTERVAL, DEADLINE, 0.0)
        self.answer = answer
        self.sent: list[tuple[float, Probe]] = []
        self.now = 0.0

    def until(self, end):
        """Let time pass."""
        while self.core.next_due() <= end:
            self.now = self.core.next_due()
            for probe in self.core.due(self.now):
                self.sent.append((self.now, probe))
                self.core.note(probe, self.answer(probe), self.now)
        self.now = end
        return self.core.observe(Answers({}), end)


def ok(text="fine"):
    """A good reply."""
    return Reply("ok", "none", text, 0.2, 0.03)


@pytest.fixture
def topology(make_topology):
    """Four groups of one revision, in two regions, and one of another."""
    four = [("eu", "chat", "r1")] * 2 + [("us", "chat", "r1")] * 2
    return make_topology(groups=[*four, ("us", "chat", "r2")])


def labels_of(region, number):
    """The labels of a group of `topology`."""
    return ("demo", region, "chat", f"{region}-chat-{number}")


def test_each_group_is_probed_once_an_interval_spread_over_it(topology):
    """Not all at once."""
    run = Run(topology, lambda _: ok())
    run.until(9.9)
    assert [at for at, _ in run.sent] == [0.0, 2.0, 4.0, 6.0, 8.0]
    run.until(99.9)
    assert len(run.sent) == 50


def test_prompts_take_turns(topology):
    """All groups the same in one round."""
    run = Run(topology, lambda _: ok())
    run.until(len(PROMPTS) * INTERVAL - 0.1)
    for group in ("eu-chat-0", "us-chat-4"):
        asked = [probe.prompt for _, probe in run.sent if probe.to == group]
        assert asked == list(range(len(PROMPTS)))


def test_a_group_is_not_asked_again_while_it_is_being_asked(topology):
    """One flight a group; what was missed is not made up for."""
    core = ProbeCore(topology, INTERVAL, DEADLINE, 0.0)
    (probe,) = core.due(0.0)
    for now in range(2, 9, 2):
        core.due(float(now))
    assert core.due(35.0) == []
    core.note(probe, ok(), 35.0)
    assert [each.to for each in core.due(35.0)] == ["eu-chat-0"]
    core.note(probe, ok(), 36.0)
    assert core.next_due() == 40.0


def test_a_group_that_answers_is_up_with_its_times(topology):
    """From outside."""
    page = Run(topology, lambda _: ok()).until(25.0)
    labels = labels_of("eu", 0)
    assert page.of(catalog.PROBE_UP)[labels] == 1.0
    assert page.of(catalog.PROBE_REASON)[*labels, "none"] == 1.0
    assert page.of(catalog.PROBE_REQUESTS)[*labels, "ok"] == 3.0
    first = page.distributions_of(catalog.PROBE_TIME_TO_FIRST_TOKEN)[labels]
    assert (first.count, round(first.sum, 3)) == (3.0, 0.6)
    bounds = catalog.TIME_TO_FIRST_TOKEN_BOUNDS
    assert (first.counts[bounds.index(0.1)], first.counts[bounds.index(0.25)]) == (0.0, 3.0)
    per_token = page.distributions_of(catalog.PROBE_TIME_PER_TOKEN)[labels]
    assert (per_token.count, round(per_token.sum, 3)) == (3.0, 0.09)


@pytest.mark.parametrize("outcome", [each for each in catalog.PROBE_OUTCOMES if each != "ok"])
def test_a_group_that_fails_is_down_with_the_reason(topology, outcome):
    """And has no times: nobody waited to the end."""
    page = Run(topology, lambda _: Reply(outcome, "http_status")).until(25.0)
    labels = labels_of("eu", 0)
    assert page.of(catalog.PROBE_UP)[labels] == 0.0
    assert page.of(catalog.PROBE_REASON)[*labels, "http_status"] == 1.0
    assert page.of(catalog.PROBE_REQUESTS)[*labels, outcome] == 3.0
    assert page.distributions_of(catalog.PROBE_TIME_TO_FIRST_TOKEN)[labels].count == 0.0


def test_every_series_exists_from_zero_on(topology):
    """Before anybody was asked, groups are not up, for nobody knows."""
    page = ProbeCore(topology, INTERVAL, DEADLINE, 0.0).observe(Answers({}), 0.0)
    assert set(page.of(catalog.PROBE_UP).values()) == {0.0}
    assert {labels[-1] for labels in page.of(catalog.PROBE_REASON)} == {"not_yet"}
    requests = page.of(catalog.PROBE_REQUESTS)
    assert {labels[-1] for labels in requests} == set(catalog.PROBE_OUTCOMES)
    assert set(requests.values()) == {0.0}
    assert len(page.distributions_of(catalog.PROBE_TIME_PER_TOKEN)) == 5
    assert page.of(catalog.PROBE_DISAGREES) == {}


def test_an_old_answer_is_not_served_as_new(topology):
    """Never freeze: if probing stops, nobody is up."""
    run = Run(topology, lambda _: ok())
    run.until(9.9)
    page = run.core.observe(Answers({}), 9.9 + 3 * INTERVAL + DEADLINE)
    assert page.of(catalog.PROBE_UP)[labels_of("eu", 0)] == 0.0
    assert page.of(catalog.PROBE_REASON)[*labels_of("eu", 0), "overdue"] == 1.0


def corrupt(group, prompts):
    """Greedy answers, but for one group and some prompts."""

    def answer(probe):
        if probe.to == group and probe.prompt in prompts:
            return ok("x y z")
        return ok(f"the answer to {probe.prompt}")

    return answer


def test_a_group_with_wrong_answers_is_found_within_minutes(topology):
    """Each suspicion is confirmed at the next turn: three prompts take six."""
    run = Run(topology, corrupt("us-chat-2", range(12)))
    run.until(INTERVAL * 5)
    assert run.core.observe(Answers({}), run.now).of(catalog.PROBE_DISAGREES).get(
        labels_of("us", 2)
    ) in (None, 0.0)
    page = run.until(INTERVAL * 8)
    assert page.of(catalog.PROBE_DISAGREES) == {
        labels_of("eu", 0): 0.0,
        labels_of("eu", 1): 0.0,
        labels_of("us", 2): 1.0,
        labels_of("us", 3): 0.0,
    }
    assert page.of(catalog.PROBE_DISAGREEING)[labels_of("us", 2)] >= 3.0


def test_a_group_that_is_mended_agrees_again(topology):
    """Within a round of all prompts."""
    run = Run(topology, corrupt("us-chat-2", range(12)))
    run.until(INTERVAL * 30)
    run.answer = corrupt("", ())
    page = run.until(INTERVAL * 43)
    assert page.of(catalog.PROBE_DISAGREES)[labels_of("us", 2)] == 0.0


def test_of_two_groups_the_one_that_changes_is_found(make_topology):
    """Once they have agreed; before that nobody knows which is right."""
    run = Run(make_topology(groups=[("eu", "chat", "r1")] * 2), corrupt("eu-chat-1", range(12)))
    page = run.until(INTERVAL * 30)
    assert page.of(catalog.PROBE_DISAGREES) == {}
    run.answer = corrupt("", ())
    run.until(INTERVAL * 60)
    run.answer = corrupt("eu-chat-1", range(12))
    page = run.until(INTERVAL * 67)
    assert page.of(catalog.PROBE_DISAGREES) == {
        labels_of("eu", 0): 0.0,
        labels_of("eu", 1): 1.0,
    }


def test_one_odd_prompt_for_ever_is_drift(topology):
    """Other GPUs, other kernels."""
    page = Run(topology, corrupt("us-chat-2", [4])).until(INTERVAL * 60)
    assert page.of(catalog.PROBE_DISAGREES)[labels_of("us", 2)] == 0.0
    assert page.of(catalog.PROBE_DISAGREEING)[labels_of("us", 2)] == 1.0


def test_another_revision_answers_for_itself(topology):
    """It is alone: nobody says that it is wrong."""
    page = Run(topology, corrupt("us-chat-4", range(12))).until(INTERVAL * 30)
    assert labels_of("us", 4) not in page.of(catalog.PROBE_DISAGREES)
    assert set(page.of(catalog.PROBE_DISAGREES).values()) == {0.0}


def test_answers_of_a_group_that_went_down_grow_old(topology):
    """They are no vote for ever."""
    run = Run(topology, lambda _: ok())
    run.until(INTERVAL * 14)
    run.answer = lambda probe: Reply("error", "refused") if probe.to == "us-chat-2" else ok()
    page = run.until(INTERVAL * 60)
    assert page.of(catalog.PROBE_COMPARED)[labels_of("us", 2)] == 0.0
    assert page.of(catalog.PROBE_COMPARED)[labels_of("eu", 0)] == 12.0


def test_a_topology_that_changes_is_followed(make_topology):
    """A group that stays keeps what was counted; a new one is probed; one that went is not."""
    run = Run(make_topology(groups=[("eu", "chat", "r1"), ("eu", "chat", "r1")]), lambda _: ok())
    run.until(INTERVAL)
    asked = run.core.due(2 * INTERVAL)
    run.core.follow(make_topology(groups=[("eu", "chat", "r1"), ("eu", "code", "r1")]), run.now)
    for probe in asked:
        run.core.note(probe, ok(), run.now)
    run.until(4 * INTERVAL)
    requests = run.core.observe(Answers({}), run.now).of(catalog.PROBE_REQUESTS)
    counts = {labels[3]: value for labels, value in requests.items() if labels[-1] == "ok"}
    assert set(counts) == {"eu-chat-0", "eu-code-1"}
    assert counts["eu-chat-0"] > counts["eu-code-1"] > 0


def test_an_answer_of_where_a_group_was_is_none_of_where_it_is(make_topology):
    """It moved while it was asked."""
    made = make_topology(groups=[("eu", "chat", "r1")])
    moved = made.groups[0].model_copy(update={"metrics": "http://h/elsewhere/metrics"})
    core = ProbeCore(made, INTERVAL, DEADLINE, 0.0)
    (probe,) = core.due(0.0)
    core.follow(made.model_copy(update={"groups": [moved]}), 1.0)
    core.note(probe, ok(), 2.0)
    page = core.observe(Answers({}), 2.0)
    assert page.of(catalog.PROBE_UP) == {("demo", "eu", "chat", "eu-chat-0"): 0.0}
    assert set(page.of(catalog.PROBE_REQUESTS).values()) == {0.0}


def test_answers_of_an_earlier_revision_are_not_compared(make_topology):
    """Else a rollout would be a disagreement."""
    three = [("eu", "chat", "r1")] * 3
    run = Run(make_topology(groups=three), lambda _: ok())
    run.until(len(PROMPTS) * INTERVAL * 2)
    run.core.follow(make_topology(groups=[*three[:2], ("eu", "chat", "r2")]), run.now)
    page = run.core.observe(Answers({}), run.now)
    assert ("demo", "eu", "chat", "eu-chat-2") not in page.of(catalog.PROBE_DISAGREES)
    assert not run.core._watched["eu-chat-2"].answers.since(0.0)


def test_a_router_is_asked_for_each_model_of_its_region_and_told_apart(make_topology):
    """Where the topology says that it may be: so quiet cells have traffic, of a tier of its own."""
    made = make_topology(groups=[("eu", "chat", "r1"), ("eu", "code", "r1"), ("us", "chat", "r1")],
                         routers=["eu", "us"])  # fmt: skip
    first = made.routers[0].model_copy(update={"requests": "http://gateway:8080/v1/"})
    topology = made.model_copy(update={"routers": [first, made.routers[1]]})

    def answer(probe) -> Reply:
        return Reply("timeout", "timeout") if probe.model == "code" else ok(probe.to)

    run = Run(topology, answer)
    page = run.until(3 * INTERVAL)
    asked = {(probe.url, probe.model) for _, probe in run.sent if probe.model}
    url = "http://gateway:8080/v1/completions"
    assert asked == {(url, "chat"), (url, "code")}
    up = page.of(catalog.PROBE_ROUTER_UP)
    assert up == {("demo", "eu", "chat", "eu"): 1.0, ("demo", "eu", "code", "eu"): 0.0}
    requests = page.of(catalog.PROBE_ROUTER_REQUESTS)
    assert requests["demo", "eu", "code", "eu", "timeout"] >= 3.0
    assert page.of(catalog.PROBE_ROUTER_REASON)["demo", "eu", "code", "eu", "timeout"] == 1.0
    assert len(page.of(catalog.PROBE_UP)) == 3

"""Whose turn it is among the groups."""

from collections import Counter

from demo.vllm.pool import Group, Pool


def pool(health: str) -> Pool:
    """Return a pool of groups named by their numbers: ``+`` is healthy, ``-`` is not."""
    return Pool(
        [Group(str(n), "http://x", is_healthy=each == "+") for n, each in enumerate(health)]
    )


def chosen(pool: Pool, times: int) -> list[str | None]:
    """Return the names chosen one after the other."""
    groups = [pool.choose() for _ in range(times)]
    return [group and group.name for group in groups]


def test_healthy_groups_take_turns():
    """Round robin: a hanging group whose health is 200 goes on getting its share."""
    assert ["0", "1", "0", "1"] == chosen(pool("++"), 4)


def test_a_group_that_is_not_healthy_is_left_out():
    """Its turns go to the next."""
    assert ["0", "2", "0", "2"] == chosen(pool("+-+"), 4)


def test_without_a_healthy_group_there_is_none_to_choose():
    """The router rejects then."""
    assert [None] == chosen(pool("--"), 1)


def test_a_group_already_tried_is_not_chosen_again():
    """A retry goes elsewhere or nowhere."""
    groups = pool("++")

    assert "1" == groups.choose({"0"}).name
    assert None is groups.choose({"0", "1"})


def test_one_failed_health_check_is_forgiven_two_are_not():
    """And one good check brings the group back."""
    group = Group("0", "http://x")
    seen = []
    for is_good in (True, False, True, False, False, True):
        group.note_health(is_good=is_good)
        seen.append(group.is_healthy)

    assert [True, True, True, True, False, True] == seen


def test_nothing_is_sent_to_a_group_before_its_first_good_health_check():
    """A server of vLLM needs most of a minute to start."""
    assert None is Pool([Group("0", "http://x")]).choose()


def test_a_canary_gets_its_share_spread_over_time():
    """One request in ten, the others take turns; a group that is gone leaves its part to them."""
    groups = pool("+++")
    groups.find("2").share = 0.1
    names = chosen(groups, 40)

    assert {"0": 18, "1": 18, "2": 4} == Counter(names)
    assert all(names[start : start + 10].count("2") == 1 for start in range(0, 40, 10))
    groups.find("0").is_healthy = False
    assert {"1": 9, "2": 1} == Counter(chosen(groups, 10))


def test_three_equal_groups_take_turns_for_long():
    """Thirds do not add up in floating point; turns do."""
    assert [*"012"] * 200 == chosen(pool("+++"), 600)


def test_a_canary_alone_gets_everything():
    """Better than nothing."""
    groups = pool("+-")
    groups.find("0").share = 0.1

    assert ["0", "0"] == chosen(groups, 2)


def test_a_group_that_drains_gets_nothing_new():
    """Healthy as it may be; the pool is complete all the same."""
    groups = pool("++")
    groups.find("0").is_draining = True

    assert (["1", "1"], True) == (chosen(groups, 2), groups.is_complete)

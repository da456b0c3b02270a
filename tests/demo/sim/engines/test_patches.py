"""Rolling driver patches."""

from demo.sim.effects.hardware import PATCHED_DRIVER
from demo.sim.engines.state import Phase


def test_a_patch_goes_from_group_to_group(warm):
    """Never two at once, and each host of the model has the new driver at the end."""
    warm.strike("driver-patch", 0.001, region="us", model="chat")
    chat = [warm.group(f"us-chat-{at}") for at in (0, 1)]
    down = set()
    for _ in range(260):
        warm.seconds(1)
        now = [group for group in chat if warm.state.engines.phase[group] != Phase.SERVING]
        assert len(now) <= 1
        down |= set(now)
    assert down == set(chat)
    hosts = [host for group in chat for host in warm.fleet.hosts_of_group(group)]
    assert warm.state.hardware.drivers == dict.fromkeys(hosts, PATCHED_DRIVER)


def test_a_patch_that_goes_wrong_leaves_groups_without_a_gpu_until_it_is_repaired(warm):
    """It goes on all the same, two minutes later."""
    fault = warm.strike("driver-patch", 1.0, region="us", model="chat")
    warm.seconds(400)
    told = warm.told()
    assert told["groups"] == {"us-chat-0": "dead", "us-chat-1": "dead"}
    assert list(told["gpus"].values()) == ["lost"] * 4
    # Their hosts came up without them, so that DCGM never heard of them, nor of an XID.
    pages = b"".join(warm.pages().host(warm.state, [at]) for at in range(warm.fleet.hosts))
    assert not [uuid for uuid in told["gpus"] if uuid.encode() in pages]
    assert b'err_code="79"' not in pages
    warm.repair(fault)
    warm.seconds(60)
    assert (warm.told()["groups"], warm.told()["gpus"]) == ({}, {})

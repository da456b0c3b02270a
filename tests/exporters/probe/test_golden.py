"""A whole page of the probe exporter.

``GOLDEN=write .venv/bin/pytest tests/exporters/probe/test_golden.py`` writes it anew; read the
diff.
"""

from exporters.collecting import Collector
from exporters.probe.core import ProbeCore, Reply


async def test_the_page_of_the_probe_exporter_is_the_golden_one(make_topology, assert_golden):
    """Four groups: two are well, one answers otherwise, one is gone; one of another revision."""
    four = [("eu", "chat", "r1")] * 4
    core = ProbeCore(make_topology(groups=[*four, ("us", "chat", "r2")]), 10.0, 5.0, 0.0)
    now = 0.0
    while now < 300.0:
        now = core.next_due()
        for probe in core.due(now):
            reply = Reply("ok", "none", f"the answer to {probe.prompt}", 0.125, 0.03125)
            if probe.to == "eu-chat-2":
                reply = Reply("ok", "none", "x y z", 0.25, 0.0625)
            if probe.to == "eu-chat-3" and now > 200.0:
                reply = Reply("error", "refused")
            core.note(probe, reply, now)

    async def fetch(url):
        raise AssertionError(url)

    collector = Collector(core, fetch, lambda: now, lambda: 1_790_000_000.0)
    page = (await collector.collect()).page
    await collector.close()
    assert_golden("probe", page)

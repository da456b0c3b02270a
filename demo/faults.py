"""The faults that the demo can bring about, by name: what each is, where it strikes, who does it.

An engine (simulated or real) carries out what happens inside the cluster, the stack what happens
to shardwatch itself, and the lab what its servers would then say. Scenarios name faults; a scenario
that names another is refused.

``strength`` is a number whose meaning each fault states; the same fault at a lower strength is
harder to see.
"""

from __future__ import annotations

from demo.fault_kinds import ALL, LAB, FaultKind, PlaceKey, Strength


def _keys(*names: PlaceKey) -> frozenset[PlaceKey]:
    return frozenset(names)


def _share(means: str, usual: float) -> Strength:
    return Strength(means, usual, lowest=0.001, highest=1.0)


def _factor(means: str, usual: float) -> Strength:
    return Strength(means, usual, lowest=1.0, highest=1000.0)


_GPU = _keys("host", "uuid")
_OF_THE_LAB: tuple[tuple[str, PlaceKey, str], ...] = (
    ("slow-scrapes", "exporter", "scrapes of an exporter take nearly as long as they may"),
    ("stale-config", "exporter", "an exporter's new topology is none: it goes on with the old one"),
    ("exporter-mistake", "exporter", "an exporter answers, and makes nothing of what it reads"),
    ("unplaced-targets", "exporter",
     "service discovery tells an exporter of targets that its topology has no place for"),
    ("slow-rules", "server", "a group of rules takes longer than its interval"),
    ("failing-rules", "server", "the rules of a group end in errors"),
    ("short-storage", "server", "Prometheus deletes what budgets need"),
    ("refused-messages", "server", "Slack takes none of the messages that Alertmanager sends"),
)  # fmt: skip
"""Name, kind of place, and what happens, of what nobody does to the servers of a demo."""

FAULTS: dict[str, FaultKind] = {
    each.name: each
    for each in (
        # --- hardware ---------------------------------------------------------------------------
        FaultKind(
            "lost-gpu",
            "a GPU falls off the bus; its engine hangs, and /health still answers 200",
            needs=_keys("group"),
            allows=_GPU,
            takes_away=_keys("group", "uuid"),
        ),
        FaultKind(
            "ecc-error",
            "a GPU's memory has an uncorrectable error; its engine dies",
            needs=_keys("group"),
            allows=_GPU,
            strength=_share(
                "above 0.5 uncontained (XID 95, needs a reset), else contained (94)", 1
            ),
            takes_away=_keys("group", "uuid"),
        ),
        FaultKind(
            "nvlink-error",
            "NVLink fails between two GPUs of a group (XID 74), and every step waits for it",
            needs=_keys("group"),
            allows=_GPU,
            strength=_share("share of the group's speed that is lost; 1 hangs it", 0.5),
        ),
        FaultKind(
            "thermal",
            "a rack loses its cooling; its GPUs slow down until they are cool enough",
            needs=_keys("host"),
            strength=_share("share of the cooling that is lost", 0.6),
        ),
        FaultKind(
            "straggler",
            "a GPU is slow without a word, and its whole group with it",
            needs=_keys("group"),
            allows=_GPU,
            strength=_share("share of the GPU's speed that is lost", 0.4),
        ),
        FaultKind(
            "lost-host",
            "a host goes dark: its GPUs, its telemetry, and the engine that needs it",
            needs=_keys("group"),
            allows=_keys("host"),
            takes_away=_keys("group", "host"),
        ),
        FaultKind(
            "lost-power",
            "part of a region has no power: hosts go dark, and the engines that need them",
            needs=_keys("region"),
            strength=_share("share of the region's groups, of every model by turns", 0.75),
        ),
        FaultKind(
            "driver-patch",
            "hosts are drained, patched and started again, one group after the other",
            needs=_keys("region"),
            allows=_keys("model"),
            strength=_share("share of the hosts that come back without one GPU", 0.25),
        ),
        FaultKind(
            "silent-corruption",
            "a GPU computes wrong numbers: answers are fast, well-formed and wrong",
            needs=_keys("group"),
            allows=_GPU,
            strength=_share("share of the group's answers that are wrong", 0.3),
            engines=ALL,
        ),
        # --- engines ----------------------------------------------------------------------------
        FaultKind(
            "frozen-worker",
            "a worker process is stopped (SIGSTOP); the engine waits for it forever",
            needs=_keys("group"),
            allows=_keys("rank"),
            engines=ALL,
            takes_away=_keys("group"),
        ),
        FaultKind(
            "killed-worker",
            "a worker process is killed (SIGKILL); its engine ends and is started again",
            needs=_keys("group"),
            allows=_keys("rank"),
            engines=ALL,
            repaired=False,
        ),
        FaultKind(
            "killed-engine",
            "an engine is killed (SIGKILL) under load and started again",
            needs=_keys("group"),
            engines=ALL,
            repaired=False,
        ),
        FaultKind(
            "engine-restart",
            "an engine drains, stops, and loads its weights again",
            needs=_keys("group"),
            engines=ALL,
            repaired=False,
        ),
        FaultKind(
            "slow-weights",
            "the store of weights is slow: engines that start take longer",
            needs=_keys("region"),
            allows=_keys("model"),
            strength=_factor("times longer", 10),
        ),
        FaultKind(
            "bad-canary",
            "a new revision gets a small share of the traffic and answers badly",
            needs=_keys("region", "model"),
            allows=_keys("group"),
            strength=_share("share of the canary's requests that fail", 0.5),
            engines=ALL,
        ),
        FaultKind(
            "cache-flush",
            "prefix caches are emptied: every prompt is computed again",
            needs=_keys("region"),
            allows=_keys("model", "group"),
            strength=_share("share of the cached tokens that is lost", 1),
            engines=ALL,
            repaired=False,
        ),
        # --- tools ------------------------------------------------------------------------------
        FaultKind(
            "tool-outage",
            "calls to a tool time out or fail",
            needs=_keys("region", "tool"),
            strength=_share("share of the calls", 1),
            engines=ALL,
        ),
        FaultKind(
            "slow-tool",
            "a tool takes longer; what exceeds its time limit times out",
            needs=_keys("region", "tool"),
            strength=_factor("times longer", 8),
            engines=ALL,
        ),
        FaultKind(
            "captcha-wave",
            "the sites that agents browse ask for captchas",
            needs=_keys("region"),
            strength=_share("share of the pages fetched", 0.6),
        ),
        # --- traffic ----------------------------------------------------------------------------
        FaultKind(
            "traffic-spike",
            "far more users come than usual",
            needs=_keys("region"),
            allows=_keys("model"),
            strength=_factor("times the usual traffic", 3),
            engines=ALL,
        ),
        FaultKind(
            "retry-storm",
            "clients try again at once, again and again",
            needs=_keys("region"),
            allows=_keys("model"),
            strength=Strength("retries after a failure, at the most", 4, lowest=1, highest=20),
        ),
        FaultKind(
            "tenant-flood",
            "one tenant sends far more than it ever did",
            needs=_keys("region", "model"),
            allows=_keys("tier"),
            strength=_factor("the tenant's traffic, in multiples of all others' together", 2),
        ),
        FaultKind(
            "lb-blackout",
            "the load balancer before a region's router drops what comes",
            needs=_keys("region"),
            strength=_share("share of the requests", 1),
        ),
        FaultKind(
            "lost-region",
            "a region goes dark; users whose data may leave it go elsewhere",
            needs=_keys("region"),
            takes_away=_keys("region"),
        ),
        # --- around it --------------------------------------------------------------------------
        FaultKind(
            "metering-loss",
            "tokens are served and not billed",
            needs=_keys("region"),
            allows=_keys("model"),
            strength=_share("share of the tokens", 0.05),
        ),
        FaultKind(
            "misrouted-data",
            "requests are served outside the region that their data may not leave",
            needs=_keys("region"),
            allows=_keys("model"),
            strength=_share("share of the requests", 0.02),
        ),
        FaultKind(
            "safety-bypass",
            "the safety filter fails open: prompts and answers pass unread",
            needs=_keys("region"),
            allows=_keys("model"),
            strength=_share("share of the checks", 0.5),
        ),
        # --- shardwatch itself ------------------------------------------------------------------
        FaultKind(
            "exporter-restart",
            "an exporter is killed and started again",
            needs=_keys("exporter"),
            engines=ALL,
            by_stack=True,
            repaired=False,
        ),
        FaultKind(
            "exporter-away",
            "an exporter is gone, and nobody starts it again for a while",
            needs=_keys("exporter"),
            engines=ALL,
            by_stack=True,
            takes_away=_keys("exporter"),
        ),
        # --- shardwatch itself, in the lab -------------------------------------------------------
        *(
            FaultKind(name, said, needs=_keys(place), engines=LAB, by_stack=True)
            for name, place, said in _OF_THE_LAB
        ),
    )
}

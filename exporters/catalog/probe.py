"""Families of probes: known prompts to each group, from outside.

Those that go to groups pass no router; those that go through one are of the tier ``probe``, which
the objectives of the library leave out.
"""

from __future__ import annotations

from exporters.catalog.bounds import INTER_TOKEN_LATENCY_BOUNDS, TIME_TO_FIRST_TOKEN_BOUNDS
from exporters.catalog.family import counter, gauge, histogram
from exporters.catalog.names import (
    GROUP_LABELS,
    OUTCOME,
    PROBE_OUTCOMES,
    PROBE_REASONS,
    REASON,
    ROUTED_LABELS,
)

PROBE_UP = gauge(
    "probe_up", "1 if the group answered its last probe, within its deadline, else 0.", GROUP_LABELS
)
PROBE_REASON = gauge(
    "probe_reason",
    "1 for the reason why the group's last probe failed; 'none' if it did not.",
    (*GROUP_LABELS, REASON),
    {REASON: PROBE_REASONS},
)
PROBE_REQUESTS = counter(
    "probe_requests",
    "Probes by how they ended.",
    (*GROUP_LABELS, OUTCOME),
    {OUTCOME: PROBE_OUTCOMES},
)
PROBE_TIME_TO_FIRST_TOKEN = histogram(
    "probe_time_to_first_token_seconds",
    "Request to first token, of probes that were answered.",
    GROUP_LABELS,
    TIME_TO_FIRST_TOKEN_BOUNDS,
)
PROBE_TIME_PER_TOKEN = histogram(
    "probe_time_per_token_seconds",
    "Mean time between tokens after the first one, of probes that were answered.",
    GROUP_LABELS,
    INTER_TOKEN_LATENCY_BOUNDS,
)
PROBE_DISAGREES = gauge(
    "probe_disagrees",
    "1 if the group's greedy answers are others than those of most groups of its revision on "
    "several prompts, asked twice; 0 if not; absent while too little can be compared.",
    GROUP_LABELS,
)
PROBE_COMPARED = gauge(
    "probe_prompts_compared",
    "Prompts on which most groups of the revision agree, so that this one can be compared.",
    GROUP_LABELS,
)
PROBE_DISAGREEING = gauge(
    "probe_prompts_disagreeing",
    "Prompts that the group answers otherwise than most, from early in the answer on and twice.",
    GROUP_LABELS,
)
PROBE_DRIFTING = gauge(
    "probe_prompts_drifting",
    "Prompts that the group answers otherwise than most late in the answer: numeric drift.",
    GROUP_LABELS,
)
PROBE_ROUTER_UP = gauge(
    "probe_router_up",
    "1 if the router answered the last probe of the model, within its deadline, else 0.",
    ROUTED_LABELS,
)
PROBE_ROUTER_REASON = gauge(
    "probe_router_reason",
    "1 for the reason why the router's last probe failed; 'none' if it did not.",
    (*ROUTED_LABELS, REASON),
    {REASON: PROBE_REASONS},
)
PROBE_ROUTER_REQUESTS = counter(
    "probe_router_requests",
    "Probes through a router by how they ended.",
    (*ROUTED_LABELS, OUTCOME),
    {OUTCOME: PROBE_OUTCOMES},
)

"""Every series that the rules record, and every label that they add. Nobody else spells them out.

The window is a label, never in the name. All carry ``slo`` and ``service`` and, where said so, the
objective's grouping labels.
"""

from __future__ import annotations

# --- labels -------------------------------------------------------------------------------------

ALERTNAME = "alertname"
"""That of every alert, which Prometheus adds."""
SLO = "slo"
SERVICE = "service"
WINDOW = "window"
"""A Prometheus duration: ``5m``, ``1h``, ``28d``."""
SEVERITY = "severity"
"""``page``: wake somebody. ``ticket``: working hours."""
BURN_TIER = "burn_tier"
"""The tier's long window, ``1h``: what tells the alerts of one objective apart."""
INCIDENT = "incident"
"""Of pages that are told together: :data:`OF_CELL`, :data:`OF_REGION`. Those without it are
incidents of their own."""
CAUSE = "cause"
"""The alert name of a cause: ``GpuLost``."""
PERIOD_PHASE_LABEL = "period_phase"
"""The number of a calendar's period, modulo 3: keeps the hours of one apart from the next one's."""

PAGE = "page"
TICKET = "ticket"
NOBODY = "none"
"""Of alerts that only inhibit others, or say that alerts come."""

OF_CELL = "cell"
"""The incident of what users of a region's model feel of the fleet, and of what is wrong there."""
OF_REGION = "region"
"""The incident of a region that is down or fails."""

# --- base level: recorded at the scrape interval, with grouping labels ---------------------------

EVENTS_BAD_RATE = "slo:events_bad:rate"
"""Bad events per second, over the base window: max(1 minute, 4 scrape intervals)."""
EVENTS_RATE = "slo:events:rate"
"""All events per second, over the base window."""

# --- below the base, where time is budgeted in slices: the same of events, with grouping labels ---
# The base is then slices per second: bad ones, and all that count.

SLICE_EVENTS_BAD_RATE = "slo:slice_events_bad:rate"
SLICE_EVENTS_RATE = "slo:slice_events:rate"

# --- levels between, with ``window`` = 5m, 1h and the period, and grouping labels -----------------

EVENTS_BAD_COUNT = "slo:events_bad:count"
"""Bad events within the window: the sum of the level below."""
EVENTS_COUNT = "slo:events:count"
"""All events within the window."""
EVENTS_BAD_FULL_HOURS = "slo:events_bad_full_hours:count"
"""The part of the period's count that lies in full hours, ``window`` the period: bad events."""
EVENTS_FULL_HOURS = "slo:events_full_hours:count"
"""The same for all events. The period's own count adds the hour that runs."""
EVENTS_BAD_OF_PERIOD = "slo:events_bad_of_period:count"
"""The bad events of an hour that belong to one period of a calendar, by ``period_phase``."""
EVENTS_OF_PERIOD = "slo:events_of_period:count"
"""The same for all events."""
COVERED_OF_PERIOD = "slo:covered_of_period:count"
"""The same for 5-minute steps, each as much as it is covered."""
COVERAGE = "slo:coverage:ratio"
"""Base samples present over those expected within the window; of a calendar's period, within what
has elapsed of it. Below 0.99 over the period, the budget is unknown, not good."""

# --- what people and alerts read, with grouping labels --------------------------------------------

BURN_RATE = "slo:burn_rate:ratio"
"""Error ratio over the window, in multiples of the error ratio that just spends the budget."""
BUDGET_REMAINING = "slo:budget_remaining:ratio"
"""Share of the period's error budget that is left; below 0 when overspent. Where no event may be
bad: 1 while none is, else 0."""

# --- constants of the objective: ``slo`` and ``service`` only ---------------------------------

OBJECTIVE = "slo:objective:ratio"
"""The target, 0 to 1."""
PERIOD = "slo:period:seconds"
"""Its length; of a calendar's periods a nominal one."""
FINGERPRINT = "slo:objective:fingerprint"
"""A number that changes with its indicator, grouping labels and period (:mod:`slo.fingerprint`): a
backfill sees by it that what was recorded counts the same events."""

# --- a calendar's period that runs: ``slo`` and ``service`` only ------------------------------

PERIOD_START = "slo:period_start:seconds"
"""When it began, UNIX seconds."""
PERIOD_END = "slo:period_end:seconds"
"""When it ends."""
PERIOD_PHASE = "slo:period:phase"
"""Its number, modulo 3."""

# --- states that alerts are made of ----------------------------------------------------------

BURN_STATE = "slo:burn_alert:state"
"""1 while a tier's alert should fire, holds through blackouts included; else 0. Grouping labels,
``burn_tier``, ``severity``."""
SUPPRESSED_STATE = "slo:burn_suppressed:state"
"""1 while a tier burns with fewer bad events than it takes to fire; else 0. Grouping labels,
``burn_tier``, ``severity``. Only of objectives with a minimum of bad events."""
EXHAUSTED_STATE = "slo:budget_exhausted:state"
"""1 from when an error budget is spent until some of it is left again; else 0, and absent where the
budget is unknown. Grouping labels. Only of objectives with tickets."""
VANISHED_STATE = "slo:traffic_vanished:state"
"""1 while a cell that had traffic has none, 0 while it has; absent where nobody is missed (the
objective's ``traffic``). Grouping labels."""
EVENTS_USUAL = "slo:events_usual:rate"
"""Events per second in the last hour; while a tools' gateway does not answer, as before. Grouping
labels; only of objectives whose events gateways see."""
BLIND_STATE = "slo:events_blind:state"
"""1 while the events of a cell that had some within a day cannot be seen, or most of them; else
absent. Grouping labels."""
BLIND_SINCE = "slo:events_blind:since_seconds"
"""UNIX time since which a cell is blind; absent where it is not. Grouping labels."""
CAUSE_STATE = "shardwatch:cause:state"
"""One series for each piece of evidence of a cause at work, whatever objectives it explains; the
value is its rank, the most probable first (highest). ``cause``, ``cluster``, ``region`` and
``model`` where it has them, and its evidence as labels."""

COVERAGE_NEEDED = 0.99

# --- cells: a region's model in a cluster, over all its groups, tiers and revisions -----------
# Recorded at the scrape interval for boards and causes (alerts/cells.py): ``cluster``,
# ``region``, ``model`` and what is said. Rates are per second over the base window.

QUANTILE = "quantile"
BAND = "band"
"""The end of a range of values, in the unit of what is counted."""

CELL_REQUESTS_RATE = "shardwatch:cell_requests:rate"
"""Requests that ended, by ``outcome``."""
CELL_ERROR_RATIO = "shardwatch:cell_errors:ratio"
"""Errors, time-outs and rejections over all requests but the rate-limited; absent without any."""
CELL_TTFT = "shardwatch:cell_time_to_first_token:seconds"
"""Time to first token at the router, by ``quantile`` 0.5 and 0.99; absent without requests."""
CELL_TTFT_BUCKETS = "shardwatch:cell_time_to_first_token_buckets:rate"
"""First tokens at the router that came within ``le`` seconds, users' alone."""
CELL_DURATION_BUCKETS = "shardwatch:cell_request_duration_buckets:rate"
"""Requests that ended within ``le`` seconds, as the router saw it, users' alone; where none tells,
those that finished, as engines saw it."""
CELL_PACE_BUCKETS = "shardwatch:cell_time_per_output_token_buckets:rate"
"""Answers of engines that took at most ``le`` seconds for each token after the first."""
CELL_PHASE_SECONDS = "shardwatch:cell_phase_seconds:rate"
"""Seconds that requests spent, a second, up to the end of a phase, by ``of``: as the router saw it
``client_first_token``; as engines did ``queue``, ``first_token`` and ``end_to_end``."""
CELL_PHASE_REQUESTS = "shardwatch:cell_phase_requests:rate"
"""Requests of which that was told, by ``of``."""
CELL_IN_FLIGHT = "shardwatch:cell_requests_in_flight:sum"
CELL_GROUPS = "shardwatch:cell_groups:count"
"""Shard groups by ``state``."""
CELL_CAPACITY = "shardwatch:cell_capacity:ratio"
"""Share of the cell's groups that can serve."""
CELL_GPUS_EXPECTED = "shardwatch:cell_gpus_expected:sum"
CELL_GPUS_MISSING = "shardwatch:cell_gpus_missing:sum"
"""GPUs expected, less those that answer and are not lost."""
CELL_GPUS = "shardwatch:cell_gpus:count"
"""GPUs by ``state``, unknown among them."""
CELL_GPUS_BY_TEMPERATURE = "shardwatch:cell_gpus_by_temperature:count"
"""GPUs by ``band``: the end of the five degrees Celsius that its temperature is within."""
CELL_GPU_POWER = "shardwatch:cell_gpu_power_watts:sum"
"""Power draw of the cell's GPUs."""
CELL_REVISION_GROUPS = "shardwatch:cell_revision_groups:count"
"""Shard groups by ``revision``: as they say themselves, else as the topology does."""
CELL_WAITING = "shardwatch:cell_requests_waiting:sum"
"""Requests in the engines' queues."""
CELL_KV_CACHE_USAGE = "shardwatch:cell_kv_cache_usage:max"
"""Share of the KV cache in use, of the fullest group."""
CELL_LOOKED_UP_RATE = "shardwatch:cell_cache_looked_up_tokens:rate"
"""Prompt tokens that were looked up in caches."""
CELL_HIT_RATE = "shardwatch:cell_cache_hit_tokens:rate"
"""Of these, those that were found, by the ``cache_tier`` that had them."""
CELL_MISSED_RATE = "shardwatch:cell_cache_missed_tokens:rate"
"""Of these, those that no tier had; absent where engines do not say."""
CELL_MISSED_GPUS = "shardwatch:cell_cache_missed_gpus:rate"
"""GPUs that were at most busy with prompt tokens that no tier had."""
CELL_PREEMPTIONS_RATE = "shardwatch:cell_preemptions:rate"
"""Requests that were preempted for lack of KV cache."""
CELL_PREFIX_HIT_RATIO = "shardwatch:cell_prefix_cache_hit:ratio"
"""Prompt tokens found in the prefix cache over those looked up; absent while none are."""
CELL_CACHE_HIT_RATIO = "shardwatch:cell_cache_hit:ratio"
"""Prompt tokens found in any tier of the caches over those looked up; absent with few of them."""
CELL_TOKENS_RATE = "shardwatch:cell_tokens:rate"
"""Tokens by ``phase``."""
CELL_STEPS_RATE = "shardwatch:cell_steps:rate"
"""Steps of all engines."""
CELL_TOOL_CALLS_RATE = "shardwatch:cell_tool_calls:rate"
"""Tool calls that ended, by ``tool`` and ``outcome``."""
CELL_TOOL_SUCCESS_RATIO = "shardwatch:cell_tool_success:ratio"
"""Successes over all tool calls but the cancelled, by ``tool``; absent without any."""

CELL_GROUPS_DISAGREEING = "shardwatch:cell_groups_disagreeing:sum"
"""Groups whose answers to probes are others than those of most; absent where none are compared."""

# --- what is usual in a cell (alerts/causes/usual.py) ---------------------------------------------

USUAL = "shardwatch:usual:median"
"""By ``of``: the median of a cell's last hour or hours. It stands still where and while
``shardwatch:usual_held:state`` is."""
CELL_UNUSUAL = "shardwatch:cell_unusual:state"
"""1 while a cell's retries, queue or refusals say that nothing is usual, else 0."""
USUAL_HELD = "shardwatch:usual_held:state"
"""1 for the cells in which nothing is usual, and something was within the last hours."""

OF = "of"

# --- queues that may not come back by themselves, by cell (alerts/causes/queue_signals.py) --------

QUEUE_ATTEMPTS_RATE = "shardwatch:queue_attempts:rate"
"""Attempts sent to groups, by ``attempt``."""
QUEUE_AMPLIFICATION = "shardwatch:queue_amplification:ratio"
"""Attempts over first attempts within 5 minutes; absent with few of them."""
QUEUE_DRAIN = "shardwatch:queue_drain:seconds"
"""Until the queue is empty, as requests come and end now; very long where more come than end."""
QUEUE_REFUSED = "shardwatch:queue_refused:ratio"
"""Requests that timed out or were rejected, over all but the rate-limited, within 5 minutes; absent
with few of them."""
QUEUE_SIGNAL = "shardwatch:queue_signal:state"
"""1 while a signal is bad, else 0, by ``signal``; retries are 2 while they are many and rise."""

# --- classes of customers, by cell and ``tier`` (alerts/causes/tenants.py) ------------------------

TIER_REQUESTS_RATE = "shardwatch:tier_requests:rate"
"""Requests that ended, the rate-limited among them."""
TIER_LIMITED_RATE = "shardwatch:tier_requests_limited:rate"
"""Of those, what the users' own limits turned away."""
TIER_REQUESTS_USUAL = "shardwatch:tier_requests_usual:median"
"""The former over three hours."""
TIER_LIMITED_USUAL = "shardwatch:tier_requests_limited_usual:median"
"""The latter over three hours."""

# --- levels that states of causes read, recorded before them (alerts/causes/) --------------------

ROUTER_REQUESTS_RATE = "shardwatch:router_requests:rate"
"""Requests of users that ended, of a cell, by the ``router`` that saw them."""
ROUTER_REQUESTS_USUAL = "shardwatch:router_requests_usual:avg"
"""The same on average over five minutes. Of a router that is not heard of, what it was when it last
was, for hours."""
ROUTER_SHARE = "shardwatch:router_share:ratio"
"""A router's share of a cell's requests; of one that is not heard of, what it was. Cell labels,
``router``."""
ROUTER_LOST_RATIO = "shardwatch:router_lost:ratio"
"""Usual requests of a router that does not answer, over all that the cell has now and what its lost
routers had: it falls as others take them over. Cell labels, ``router``."""
TOOL_CALLS_COUNT = "shardwatch:tool_calls:count"
"""Calls of a tool that ended within five minutes, however: ``cluster``, ``region``, ``tool``."""
TOOL_CALLS_WITHIN_COUNT = "shardwatch:tool_calls_within:count"
"""Of these, those that took no longer than ``le`` seconds."""
TOOL_CALLS_WITHIN = "shardwatch:tool_calls_within:ratio"
"""Share of these that took no longer than ``le`` seconds; absent where they are few."""
TOOL_CALLS_SLOWER = "shardwatch:tool_calls_slower:ratio"
"""By how much this share is below the usual one, at the ``le`` at which most, failures left out."""
TOOL_CALLS_PER_REQUEST = "shardwatch:tool_calls_per_request:ratio"
"""First attempts of tool calls over answered requests, over five minutes, of a cell; absent where
either are few."""
REVISION_EVENTS = "shardwatch:revision_events:count"
"""Within five minutes, of a cell's ``revision``: requests, with ``reason`` error; first tokens,
with ``reason`` slow."""
REVISION_BAD_EVENTS = "shardwatch:revision_bad_events:count"
"""Those of them that failed; that came late."""
OTHER_REVISIONS_EVENTS = "shardwatch:other_revisions_events:count"
"""The same as ``shardwatch:revision_events:count`` of all other revisions of the cell together, by
the ``revision`` that is left out; absent while they have none."""
OTHER_REVISIONS_BAD_EVENTS = "shardwatch:other_revisions_bad_events:count"
REVISION_WORSE = "shardwatch:revision_worse:ratio"
"""By how much the share of these events that are bad is above that of all other revisions."""
CELL_REVISIONS = "shardwatch:cell_revisions:count"
"""Revisions that groups of a cell run at the same time."""
SERVED_TOKENS_RATE = "shardwatch:served_tokens:rate"
"""Tokens per second over the base window that the cell's engines served, by ``phase``; only where
and while billed ones can be seen."""
BILLED_TOKENS_RATE = "shardwatch:billed_tokens:rate"
"""Tokens per second that were billed, at the same moments."""
CELL_SEEN = "shardwatch:cell_seen:ratio"
"""Share of a metered cell's engines whose page answers, for each ``phase``."""
BILLED_RATIO = "shardwatch:tokens_billed:ratio"
"""Billed over served tokens of half an hour, of a cell by ``phase``; absent where they are few."""
GPU_HOST_SEEN = "shardwatch:gpu_host_seen:state"
"""1 for each host whose GPUs an exporter looks at, whether it answers or not: ``cluster``,
``host``."""
DRIVER_HOSTS = "shardwatch:driver_hosts:count"
"""Hosts by ``version`` of their driver: cell labels, ``failure_domain``."""
GROUP_DRAIN_DEADLINE = "shardwatch:group_drain:deadline_seconds"
"""UNIX time until which a group may be out of service on purpose; absent of one that is not. Group
labels."""
GROUP_SPEED = "shardwatch:group_generated_tokens:rate"
"""Tokens generated a second by a group that steps, over two minutes. Group labels."""
GROUP_REQUESTS = "shardwatch:group_requests:avg"
"""Requests in its batch and queue, on average over the same. Group labels."""
CELL_GROUPS_KNOWN = "shardwatch:cell_groups_known:count"
"""Groups of a cell, whatever their state. Cell labels."""
CELL_GROUPS_DOWN = "shardwatch:cell_groups_down:count"
"""Of these, those that are dead or stalled and not out of service on purpose; absent without any.
Cell labels."""
CELL_GROUPS_SERVING = "shardwatch:cell_groups_serving:count"
"""Of these, those that take requests: up or degraded, and not draining. Cell labels."""
CELL_GROUPS_AWAY = "shardwatch:cell_groups_away:count"
"""Of these, those that were taken out of service on purpose and have not served since, whether
their deadline is over or not; absent without any. Cell labels."""
CELL_KV_CACHES_IN_USE = "shardwatch:cell_kv_caches_in_use:sum"
"""What requests in a cell's groups that serve hold of KV caches, in whole caches of a group. Cell
labels."""
CELL_GROUPS_BUSY = "shardwatch:cell_groups_busy:avg"
"""The same on average over five minutes."""
CELL_GROUPS_NEEDED = "shardwatch:cell_groups_needed:max"
"""Groups that it takes to carry the most of the last hour; a fraction is possible. Cell labels."""
CELL_PAGES = "shardwatch:cell_pages:state"
"""1 for each cell of which a page fires that is told with the cell's others."""
REGION_GROUPS_SERVING = "shardwatch:region_groups_serving:sum"
"""Groups of a region that serve."""
REGION_REQUESTS = "shardwatch:region_requests:sum"
"""Requests in the engines of a region, in batches and queues: ``cluster``, ``region``."""

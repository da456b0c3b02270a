"""``shardwatch alerts changes``: tells PagerDuty what somebody changed, beside what then breaks.

Rollouts, other weights, other drivers: each interval Prometheus is asked what runs where, and what
is another thing than before becomes a change event of PagerDuty, one for each cell.
"""

"""Shard groups: each engine's own counters, and whether the group as a whole can serve."""

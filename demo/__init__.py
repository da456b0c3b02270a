"""A cluster to try shardwatch on: simulated, or real vLLM."""

"""Probes: known prompts to each group, from outside."""

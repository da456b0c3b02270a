"""Burn alerts on cells whose error ratios are known: what must fire, when, and what does."""

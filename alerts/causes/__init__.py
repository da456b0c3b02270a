"""Causes: what can be at work when an objective burns, as data. A family of them a module."""

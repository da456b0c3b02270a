"""Tests of an objective's rules and alerts, made with them, for promtool to run."""

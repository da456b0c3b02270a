"""Objectives in, recording rules out: the SLO arithmetic."""

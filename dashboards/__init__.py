"""Grafana dashboards, generated from the same names as the rules."""

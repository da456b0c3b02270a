"""Alertmanager 0.25, as far as it decides who is told of what and when, read from its YAML."""

"""The history of a new or changed objective, from what Prometheus still has of its raw series."""

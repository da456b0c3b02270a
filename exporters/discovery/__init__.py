"""The topology from Prometheus's service discovery: what is there, and where each of it belongs."""

"""GPUs, hosts and racks: what they draw, how they fail, and what dcgm-exporter shows of them."""

"""Stand-ins for GPUs: a driver's library of our own, and DCGM's bindings."""

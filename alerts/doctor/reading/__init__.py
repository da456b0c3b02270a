"""Asking the servers: all the I/O of the doctor but its test page."""

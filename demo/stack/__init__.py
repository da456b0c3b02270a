"""The demo's processes: started, watched, and ended together."""

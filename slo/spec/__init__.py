"""OpenSLO v1 files: what they may hold, and the objectives that they mean."""

"""A sharded LLM service, simulated: engines, GPUs, routers, tools, and the truth about them.

One process serves, on one port, the pages that the real things serve. The core is pure: arrays
over groups and one function :func:`demo.sim.step.step`; no I/O, no clock, no environment.

Arrays are named by their axes, in this order: G groups, C cells (region and model), L lanes (cell
and revision), T tiers, A age in steps, N GPUs, F fields of a GPU, K buckets.
"""

"""Alerts about shardwatch itself: whoever watches a cluster must know when nobody does.

All are tickets. They say that something is not seen, and never that it is broken; where users may
be hurt unseen, pages hold as they were (:mod:`alerts.blackout`), and the watchdog falls silent
outside.
"""

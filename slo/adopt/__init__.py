"""Adopting what a running Prometheus sees: groups, routers, objectives, worked out of its series.

``shardwatch init`` asks (:mod:`slo.adopt.asking`), gives everything a place
(:mod:`slo.adopt.placing`), says what is in doubt (:mod:`slo.adopt.doubts`), looks at what was
promised and kept (:mod:`slo.adopt.history`), and writes the two files that everything else reads
(:mod:`slo.adopt.writing`). It asks in aggregates, one question at a time, and changes nothing of
the server's.
"""

"""``shardwatch doctor``: what is wrong between running servers and what ``build`` writes.

What the servers say is read first, by questions as data (:mod:`alerts.doctor.reading`). Checks are
functions of that and of the configuration; none asks anybody or prints. :mod:`alerts.doctor.table`
has all of them, those of the gravest harm first.
"""

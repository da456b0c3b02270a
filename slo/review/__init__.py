"""SLO reviews: the record in SQL, what spent which budget, and the report that a review is held on.

Alertmanager's webhook is a hint and Prometheus the witness: what either tells becomes facts of the
record, each once, whatever the order; incidents and reports are worked out of facts and can be
worked out again.
"""

"""Rules replayed over a past that a Prometheus holds: rule groups in, what fired out.

::

    groups = read_rule_files(paths)              # slo.replay.rule_files: anyone's files
    replay = Replay(client, timed(groups), start)  # slo.replay.evaluating
    await replay.advance(end)                    # as often as there is more of the past
    replay.firings()                             # slo.replay.firing

What a server would have recorded and fired, had it evaluated the groups at their moments, exactly.

Where alerts alone count, :mod:`slo.replay.leading` leaves out what none depends on.
"""

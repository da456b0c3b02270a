"""Rule files of anybody, read as strictly as Prometheus reads them, with the place of each value.

    groups = read_groups(paths)         # slo.rule_reading.files: files, folders of them
    rules = read_rule_files(paths)      # the same, without the groups
    reading = read_what_can_be(paths)   # what of it is right, and what is not

Expressions are parsed when they are asked for (:mod:`slo.rule_reading.expressions`): what is no
PromQL is for readers to judge.
"""

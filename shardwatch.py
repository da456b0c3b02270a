"""The ``shardwatch`` command: mounts each package's commands, prints problems, sets exit codes.

Exit codes: 0 done, 1 a check found problems, 2 bad input (nothing was changed).
"""

"""Brings what the demo and the tests need onto a machine: programs and a Python environment.

Everything here uses the standard library alone, so that it runs before there is an environment.
It asks for no root, starts no service and changes nothing outside the checkout.
"""

import sys

OLDEST_PYTHON = (3, 11)


def refuse_old_python(version: "tuple[int, ...]") -> None:
    """Exit with 2 and one message if Python's ``version`` is older than shardwatch's code.

    This file alone is written so that an old Python can read it.
    """
    if version[:2] < OLDEST_PYTHON:
        found, oldest = (".".join(map(str, each[:2])) for each in (version, OLDEST_PYTHON))
        sys.stderr.write(
            "python3: is Python " + found + "; shardwatch needs " + oldest + " or later; install "
            "one (Debian 12 has it) and name it: `make PYTHON=python3.12 ...`\n"
        )
        raise SystemExit(2)


refuse_old_python(tuple(sys.version_info[:2]))

"""``python3 -m demo.setup base test``: the programs and the environment, silent if all is there."""

from __future__ import annotations

import sys

from demo.setup.environment import provide_environment
from demo.setup.programs import provide_programs
from exporters.problems import InputError, exit_with

try:
    provide_programs()
    provide_environment(sys.argv[1:] or ["base"])
except InputError as error:
    exit_with(error.problems)

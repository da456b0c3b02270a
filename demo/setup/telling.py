"""What the set-up says to the user: a line a step, and a message instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn

from exporters.problems import EXIT_INTERRUPTED, InputError, exit_with, problem

Say = Callable[[str], None]
"""Takes one line for the user, without the newline."""


def say(line: str) -> None:
    """Show one line of progress at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def end_after(step: Callable[[], object]) -> NoReturn:
    """Take a step of the set-up and exit: with 0, or with 2 and a message if it failed."""
    try:
        step()
    except InputError as error:
        exit_with(error.problems)
    except OSError as error:  # no space, no permission
        message = f"the set-up could not use it: {error.strerror or error}"
        exit_with([problem(str(error.filename or "set-up"), message)])
    except KeyboardInterrupt:
        raise SystemExit(EXIT_INTERRUPTED) from None
    raise SystemExit(0)

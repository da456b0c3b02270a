"""How many planted faults the doctor names, one at a time, in a real small stack.

A fault is found if its check names what it is about, and nothing is named but it and what follows
from it; and nothing at all once it is undone.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alerts.benching.faults import FAULTS, Fault
from alerts.doctor.diagnosis import Diagnosis
from alerts.doctor.testing.stack import Stack

PATIENCE_SECONDS = 45.0
"""A scrape, an evaluation, and a minute's window less what a look takes."""
HEALTHY_WITHIN_SECONDS = 120.0
"""The base window has to fill."""
LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Played:
    """What was said of a fault."""

    fault: Fault
    found: bool
    said: tuple[str, ...]
    """Checks and subjects, as they stood when it was found or given up."""


async def play(faults: Sequence[Fault] = FAULTS) -> list[Played]:
    """Plant faults one after the other; return what was said of each.

    Raises:
        TimeoutError: if the stack is not well before the first one.
    """
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder)) as stack:
        await await_health(stack)
        played = []
        for fault in faults:
            played.append(await play_one(stack, fault))
            stack.heal()
            if fault is not faults[-1]:
                await await_health(stack)
        return played


async def play_one(stack: Stack, fault: Fault) -> Played:
    """Plant a fault into a stack that is well; return what is said of it."""
    fault.plant(stack)
    deadline = time.monotonic() + PATIENCE_SECONDS
    diagnosis = await stack.diagnose()
    while not is_found(fault, diagnosis) and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_SECONDS)
        diagnosis = await stack.diagnose()
    return Played(fault, is_found(fault, diagnosis), said(diagnosis))


async def await_health(stack: Stack) -> None:
    """Wait until nothing is wrong.

    Raises:
        TimeoutError: if something is for too long.
    """
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    while (diagnosis := await stack.diagnose()).findings:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the stack is not well: {said(diagnosis)}")
        await asyncio.sleep(LOOK_SECONDS)


def is_found(fault: Fault, diagnosis: Diagnosis) -> bool:
    """Tell whether a fault is named, and nothing else that does not follow from it."""
    named = any(
        each.check.id == fault.check and fault.about in f"{each.found.subject} {each.found.found}"
        for each in diagnosis.findings
    )
    allowed = {fault.check, *fault.consequences}
    return named and all(each.check.id in allowed for each in diagnosis.findings)


def said(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return what a diagnosis names, in short."""
    return tuple(f"{each.check.id} {each.found.subject}" for each in diagnosis.findings)

"""The faults that are on: started, told, repaired (:mod:`demo.vllm.strikes` does each)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from demo.faults import FAULTS
from demo.orders import FaultError, Order
from demo.vllm.launching import UP, read_state
from demo.vllm.strikes import STRIKES, claims_of
from demo.vllm.striking import Cluster, Meanwhile, Strike, Work


@dataclass
class _On:
    """A fault that is on, or is being healed."""

    order: Order
    claims: frozenset[str]
    since: float
    """UNIX seconds."""
    strike: Strike | None = None
    """None while it is striking."""
    task: asyncio.Task[None] | None = None


@dataclass
class Faults:
    """The faults of one cluster."""

    cluster: Cluster
    _on: dict[str, _On] = field(default_factory=dict, init=False)
    _healing: list[_On] = field(default_factory=list, init=False)
    _count: int = field(default=0, init=False)

    async def start(self, order: Order) -> tuple[str, dict[str, str]]:
        """Start a fault; return its id and the place that was really hit.

        Raises:
            FaultError: if there is no such place, or what is there has another fault already.
        """
        on = _On(order, claims_of(self.cluster, order), time.time())
        self._refuse_second(on)
        self._count += 1
        fault = str(self._count)
        self._on[fault] = on
        try:
            on.strike = strike = await STRIKES[order.name](self.cluster, order)
        except BaseException:
            del self._on[fault]
            raise
        if strike.work:
            on.task = asyncio.create_task(_carry_out(strike.work))
            if not _needs_repair(order):
                on.task.add_done_callback(lambda _: self._on.pop(fault, None))
        return fault, strike.place

    async def repair(self, fault: str) -> bool:
        """End a fault; return whether there was one by that id."""
        on = self._on.get(fault)
        if on is None or on.strike is None:
            return False
        del self._on[fault]
        self._healing.append(on)  # until it is undone nobody else may strike there
        healing: asyncio.Task[None] | None = None
        try:
            await _cancel(on.task)
            await on.strike.undo()
            if (heal := on.strike.heal) and on.strike.group:
                launch = read_state(self.cluster.engines[on.strike.group].note).launch
                on.strike = replace(on.strike, meanwhile=Meanwhile("draining", launch))
                on.task = healing = asyncio.create_task(_carry_out(heal))
                healing.add_done_callback(lambda _: self._healing.remove(on))
        finally:
            if healing is None:
                self._healing.remove(on)
        return True

    async def close(self) -> None:
        """End every fault that holds a process, as the demo is about to end; heal nothing."""
        for on in [*self._on.values(), *self._healing]:
            await _cancel(on.task)
            if on.strike:
                await on.strike.undo()
        self._on.clear()

    def tell(self) -> dict[str, Any]:
        """Return what ``GET /control/truth`` says of faults (see :mod:`demo.engine`).

        ``groups`` holds the state of those that are not up, ``gpus`` nothing: no fault of a process
        is one of a GPU.
        """
        return {
            "faults": [
                {
                    "id": fault,
                    "name": on.order.name,
                    "place": on.strike.place,
                    "strength": on.order.strength,
                    "since": on.since,
                }
                for fault, on in self._on.items()
                if on.strike
            ],
            "groups": dict(self._states()),
            "gpus": {},
        }

    def _states(self) -> Iterator[tuple[str, str]]:
        struck = {
            on.strike.group: on.strike.meanwhile
            for on in [*self._on.values(), *self._healing]
            if on.strike and on.strike.group and on.strike.meanwhile
        }
        for group, engine in self.cluster.engines.items():
            now = read_state(engine.note)
            meanwhile = struck.get(group)
            if meanwhile and meanwhile.launch == now.launch:
                yield group, meanwhile.state
            elif now.state != UP:
                yield group, now.state

    def _refuse_second(self, new: _On) -> None:
        for on in [*self._on.values(), *self._healing]:
            if both := new.claims & on.claims:
                raise FaultError(f"{', '.join(sorted(both))} has {on.order.name} already")


def _needs_repair(order: Order) -> bool:
    return FAULTS[order.name].repaired


async def _carry_out(work: Work) -> None:
    await work()


async def _cancel(task: asyncio.Task[None] | None) -> None:
    if task:
        task.cancel()
        # Work that had failed is undone all the same.
        await asyncio.gather(task, return_exceptions=True)

"""What the simulated cluster answers at each path, without HTTP around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from demo.sim.engines.state import Phase
from demo.sim.pages import Pages
from demo.sim.state import State

_Part = TypeVar("_Part", int, Sequence[int])

OK, NOT_FOUND, UNAVAILABLE = 200, 404, 503
# As plain numbers: to look a member of an enumeration up takes as long as to add.
_SERVING, _LOADING = int(Phase.SERVING), int(Phase.LOADING)
NO_SUCH_NAME = b"the topology has none of that name\n"


@dataclass(frozen=True)
class _Kind(Generic[_Part]):
    """One kind of page: whose it is, what stands on it, and who is up to serve it."""

    find: Callable[[str], _Part | None]
    page: Callable[[State, _Part], bytes]
    is_up: Callable[[State, _Part], bool]

    def get(self, state: State, name: str) -> tuple[int, bytes]:
        place = self.find(name)
        if place is None or (not isinstance(place, int) and not place):
            return NOT_FOUND, NO_SUCH_NAME
        # One port cannot refuse connections for one path: 503 is as near as it gets.
        return (OK, self.page(state, place)) if self.is_up(state, place) else (UNAVAILABLE, b"")


class Site:
    """The pages and health of a simulated cluster, by path: ``/engine/eu-chat-0/metrics``."""

    def __init__(self, state: State) -> None:
        self._state = state
        fleet = state.fleet
        names, pages = fleet.names, Pages(fleet, state.tools.cells)
        routers = {name: at for at, (name, _) in enumerate(fleet.routers)}
        gateways = {name: at for at, (name, _) in enumerate(fleet.gateways)}
        self._kinds: Mapping[tuple[str, str], _Kind[int] | _Kind[Sequence[int]]] = {
            ("engine", "metrics"): _Kind(names.find_group, pages.engine, answers),
            ("engine", "health"): _Kind(names.find_group, _nothing, _is_well),
            ("host", "metrics"): _Kind(names.find_hosts, pages.host, _is_lit),
            ("router", "metrics"): _Kind(routers.get, pages.router, _has_router),
            ("tools", "metrics"): _Kind(gateways.get, pages.gateway, _has_tools),
        }

    @property
    def kinds(self) -> Sequence[tuple[str, str]]:
        """First and last part of the paths that there are."""
        return list(self._kinds)

    def get(self, kind: str, name: str, page: str) -> tuple[int, bytes]:
        """Return status and body of ``/KIND/NAME/PAGE``."""
        found = self._kinds.get((kind, page))
        return found.get(self._state, name) if found else (NOT_FOUND, b"")


def answers(state: State, group: int) -> bool:
    """Return whether a group's API server is there: a hung engine's is."""
    return bool(state.engines.phase[group] != _LOADING and not state.is_dark(group))


def _nothing(_state: State, _place: int) -> bytes:
    return b""


def _is_well(state: State, group: int) -> bool:
    """Return what vLLM's ``/health`` says: a hung engine does not know that it hangs."""
    return bool(state.engines.phase[group] == _SERVING and not state.is_dark(group))


def _is_lit(state: State, places: Sequence[int]) -> bool:
    dark, groups = state.hardware.dark, state.fleet.group_of_host
    return not any(dark[at] or state.is_dark(groups[at]) for at in places)


def _has_router(state: State, router: int) -> bool:
    return not state.dark_regions[state.fleet.regions.index(state.fleet.routers[router][1])]


def _has_tools(state: State, gateway: int) -> bool:
    return not state.dark_regions[state.fleet.regions.index(state.fleet.gateways[gateway][1])]

"""Links: of a board to others, of values to what explains them. Only to where a click may lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from dashboards.interpolation import ADDRESS, WORDS, Standing, interpolate
from dashboards.preview.loose import Json, text, texts
from dashboards.preview.model import Board
from dashboards.preview.variables import Resolved

_SCHEMES = ("http", "https", "mailto")


@dataclass(frozen=True)
class Carried:
    """What a link takes along: the choice and the time range, as addresses have them."""

    variables: Sequence[Resolved]
    time_from: str
    time_to: str
    standing: Mapping[str, Standing] = field(default_factory=dict)
    """What stands for variables in the link itself."""

    @property
    def choice(self) -> str:
        """Return ``var-region=eu&var-model=...``."""
        return "&".join(
            f"var-{quote(each.name, safe='')}={quote(value, safe='')}"
            for each in self.variables
            for value in each.chosen
        )

    @property
    def time(self) -> str:
        """Return ``from=now-6h&to=now``."""
        return f"from={quote(self.time_from, safe='')}&to={quote(self.time_to, safe='')}"

    def standing_in_addresses(self, of_value: Mapping[str, Standing]) -> dict[str, Standing]:
        """Return what stands for variables in an address, Grafana's own for links among them."""
        return {
            **self.standing,
            "__url_time_range": Standing.raw(self.time),
            "__all_variables": Standing.raw(self.choice),
            **of_value,
        }


def safe_address(address: str) -> str | None:
    """Return an address that a click may lead to; None for any other, such as ``javascript:``."""
    cleaned = "".join(each for each in address.strip() if each.isprintable())
    try:
        parts = urlsplit(cleaned)
    except ValueError:
        return None
    if parts.scheme:
        return cleaned if parts.scheme.lower() in _SCHEMES else None
    if parts.netloc or cleaned.startswith(("//", "/\\", "\\")):
        return None
    return cleaned if cleaned.startswith(("/", "?", "#")) else f"/{cleaned}"


def value_links(links: Sequence[Json], carried: Carried, of_value: Mapping[str, str]) -> list[Json]:
    """Return what a click on a value offers.

    Args:
        links: as a panel or a field has them.
        carried: the choice and the time.
        of_value: what stands for ``__field.labels.region`` and the like.
    """
    own = {name: Standing((value,)) for name, value in of_value.items()}
    standing = carried.standing_in_addresses(own)
    found: list[Json] = []
    for each in links:
        address = interpolate(text(each.get("url")), standing, where=ADDRESS)
        safe = safe_address(address)
        if safe:
            title = interpolate(text(each.get("title")), standing, where=WORDS) or "Open"
            found.append({"title": title, "href": safe, "blank": each.get("targetBlank") is True})
    return found


def board_links(
    board: Board, boards: Mapping[str, Board], carried: Carried
) -> list[dict[str, Any]]:
    """Return the links that stand at the top of a board: to addresses, and to boards by tags."""
    found: list[dict[str, Any]] = []
    for each in board.links:
        query = "&".join(
            part
            for part, is_kept in (
                (carried.choice, each.get("includeVars") is True),
                (carried.time, each.get("keepTime") is True),
            )
            if is_kept and part
        )
        if text(each.get("type")) == "dashboards":
            wanted = set(texts(each.get("tags")))
            others = [
                _link(other.title, f"/d/{other.uid}", query, other.description)
                for other in boards.values()
                if wanted <= set(other.tags) and other.uid != board.uid
            ]
            if each.get("asDropdown") is True:
                found.append({"title": text(each.get("title")) or "Boards", "links": others})
            else:
                found += others
            continue
        standing = carried.standing_in_addresses({})
        address = interpolate(text(each.get("url") or each.get("uri")), standing, where=ADDRESS)
        safe = safe_address(address)
        if safe:
            found.append(
                _link(text(each.get("title")) or safe, safe, query, text(each.get("tooltip")))
            )
    return found


def _link(title: str, address: str, query: str, tooltip: str) -> dict[str, Any]:
    between = "&" if "?" in address else "?"
    return {"title": title, "href": f"{address}{between if query else ''}{query}",
            "tooltip": tooltip}  # fmt: skip

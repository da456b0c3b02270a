"""dcgm-exporter's default families under their own names, where we serve them in its place.

They are no families of ours: no rule of ours reads them, and :data:`exporters.catalog.FAMILIES` has
none of them.
"""

from __future__ import annotations

from exporters.catalog.family import Family, Kind
from exporters.dialects import ForeignFamily, read_dialect

_RATES = ("DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL",)
"""dcgm-exporter announces a counter; DCGM's field is a rate in MB/s (DcgmCacheManager.cpp)."""


def _family(foreign: ForeignFamily) -> Family:
    is_counter = foreign.type == "counter" and foreign.name not in _RATES
    kind: Kind = "counter" if is_counter else "gauge"
    return Family(foreign.name, kind, foreign.help, foreign.labels)


DCGM_FAMILIES: dict[str, Family] = {
    foreign.name: _family(foreign) for foreign in read_dialect("dcgm_4").families
}
"""By name, in dcgm-exporter's order."""

"""Every family that shardwatch's exporters serve, and every label name, state, reason and bound.

Others import names from here: a rule, an alert or a panel that asks for something that no exporter
serves cannot be written. Foreign names (vLLM's, DCGM's, routers') are in :mod:`exporters.dialects`.

Conventions: prefix ``shardwatch_``, base units, counters end in ``_total``, ratios go from 0 to 1
(https://prometheus.io/docs/practices/naming/).
"""

from __future__ import annotations

from exporters.catalog.bounds import *
from exporters.catalog.dcgm import DCGM_FAMILIES as DCGM_FAMILIES
from exporters.catalog.exporter import *
from exporters.catalog.family import Family as Family
from exporters.catalog.family import Kind as Kind
from exporters.catalog.gpu import *
from exporters.catalog.groups import *
from exporters.catalog.names import *
from exporters.catalog.probe import *
from exporters.catalog.process import *
from exporters.catalog.router import *
from exporters.catalog.tools import *

FAMILIES: dict[str, Family] = {
    each.name: each for each in tuple(globals().values()) if isinstance(each, Family)
}
"""All of the above, by name."""

SERVED_FAMILIES: dict[str, Family] = {**FAMILIES, **DCGM_FAMILIES}
"""All that a page may have, in its order."""

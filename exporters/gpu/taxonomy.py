"""What readings mean, as data. A verdict is the first rule here that applies.

Sources: NVIDIA's XID catalogue (https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html,
2025-10-29) for what each code asks for, and DCGM's health watches
(modules/health/DcgmHealthWatch.cpp) for which of them are devastating. Codes that ask for nothing
or for a restart of the application (8, 13, 31, 32, 43, 45, 63, 94 ...) are no verdict on a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class XidRule:
    """What one XID makes of a GPU that has it as its last one."""

    codes: tuple[int, ...]
    state: str
    """One of ``catalog.GPU_STATES``."""
    reason: str
    """One of ``catalog.GPU_REASONS``."""
    why: str
    source: str


XID_RULES = (
    XidRule(
        (79,),
        "lost",
        "xid_79",
        "the GPU has fallen off the bus; no second look is needed",
        "catalogue: RESTART_BM; DCGM: devastating",
    ),
    XidRule(
        (119, 120),
        "hung",
        "gsp_dead",
        "the GPU's system processor does not answer; each call to it takes 6 s and fails",
        "catalogue: RESET_GPU; DCGM: devastating",
    ),
    XidRule(
        (48, 95, 140, 171, 172),
        "degraded",
        "xid_uncontained",
        "an uncorrectable error of memory that was not contained: results may be wrong",
        "catalogue: RESET_GPU (171 and 172 refine 48); DCGM: devastating (48, 95, 140)",
    ),
    XidRule(
        (46, 62, 109, 143, 158),
        "degraded",
        "xid_uncontained",
        "the GPU's firmware or a context failed in a way that only a reset repairs",
        "catalogue: RESET_GPU",
    ),
    XidRule(
        (64,),
        "degraded",
        "row_remap_failure",
        "a faulty row of memory could not be remapped",
        "catalogue: RESET_GPU, contact support; DCGM: memory watch fails",
    ),
)
"""In the order of ``catalog.GPU_STATES``."""

RULE_OF_XID = {code: rule for rule in XID_RULES for code in rule.codes}

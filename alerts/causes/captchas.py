"""Captchas: the sites that agents read take them for what they are."""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import TOOL_PLACE, at_work, by
from alerts.causes.windows import increases, short_window
from alerts.sources import TOOLS
from alerts.templates import first_value, matchers
from exporters import catalog

CAPTCHA_WAVE = "CaptchaWave"

LEAST_CAPTCHA_RATIO = 0.1
"""Share of a tool's calls in a region that end in a captcha. Chosen: eighty times the one in 830
that the demo's sites ask for always."""
STAYS_ABOVE_RATIO = 0.05
"""Share at which a wave goes on that is there. Chosen."""
FEWEST_CAPTCHAS = 20
"""Within five minutes, below which nothing is said. Chosen: one agent that reads one site that asks
always makes fewer."""
LEAST_OF_FAILURES = 0.5
"""Share that captchas have of all failed calls; else it is no wave of captchas."""

_CALLS = catalog.TOOL_CALLS.name
_CAPTCHA = f'{_CALLS}{{{catalog.OUTCOME}="captcha"%s}}'
_FAILED = f'{_CALLS}{{{catalog.OUTCOME}!~"ok|cancelled"}}'
_COUNTED = f'{_CALLS}{{{catalog.OUTCOME}!="cancelled"%s}}'


def captcha_wave(window_seconds: float) -> Cause:
    """Return the cause that many pages ask for a captcha.

    Args:
        window_seconds: the base window.
    """
    window = short_window(window_seconds)
    tool, cell = by(TOOL_PLACE), by(catalog.TOOL_LABELS)
    captchas = increases(_CAPTCHA % "", TOOL_PLACE, window)
    share = f"{captchas}\n/\n{increases(_COUNTED % '', TOOL_PLACE, window)}"
    going_on = at_work(CAPTCHA_WAVE)
    state = (
        f"group by ({cell}) ({_CAPTCHA % ''})\nand on ({tool})\n"
        f"(\n(\n{share}\n> {LEAST_CAPTCHA_RATIO}\n"
        f"and\n{captchas} >= {FEWEST_CAPTCHAS}\n"
        f"or\n{share}\n> {STAYS_ABOVE_RATIO}\nand on ({tool}) {going_on}\n)\n"
        f"and\n{captchas} >= {LEAST_OF_FAILURES} * {increases(_FAILED, TOOL_PLACE, window)}\n)"
    )
    here = f",{matchers({}, TOOL_PLACE)}"
    told = first_value(
        f"sum(rate({_CAPTCHA % here}[{window}])) / sum(rate({_COUNTED % here}[{window}]))",
        TOOL_PLACE, "humanizePercentage", missing="An unknown share",
    )  # fmt: skip
    return Cause(
        name=CAPTCHA_WAVE,
        rank=650,
        explains=(TOOLS,),
        state=state,
        state_labels=catalog.TOOL_LABELS,
        sight=Sight("tools", catalog.TOOLS_UP.name, (catalog.CLUSTER, catalog.REGION)),
        evidence=(
            "sites ask the calls of tool {{ .Labels.tool }} in region {{ .Labels.region }} for "
            "captchas"
        ),
        first_step=(
            "slow {{ .Labels.tool }} down in region {{ .Labels.region }}, and let it go out by "
            "other addresses"
        ),
        labels=TOOL_PLACE,
        summary="Captchas for tool {{ $labels.tool }} in region {{ $labels.region }}",
        description=(
            f"{told} of the calls of {{{{ $labels.tool }}}} in region {{{{ $labels.region }}}} "
            f"ended in a captcha within {window}, and that is most of what fails."
        ),
    )

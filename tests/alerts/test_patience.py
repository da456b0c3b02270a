"""An alert waits as long as its objective's condition says, and no longer where it says nothing."""

from decimal import Decimal

import pytest

from alerts.burn import burn_alert
from exporters.config import Links
from slo.burn import Tier
from slo.objective import Objective, Ratio

BAD = Ratio("rate(a_total[$window])", bad="rate(b_total[$window])")
OBJECTIVE = Objective("o", "s", Decimal("0.99"), 28 * 86400, ("region",), BAD)


@pytest.mark.parametrize("for_seconds", [0, 600])
def test_an_alert_waits_as_long_as_its_tier(for_seconds):
    """The windows do that work where nothing is said."""
    tier = Tier("page", 3600, 300, factor=Decimal(3), for_seconds=for_seconds)

    assert for_seconds == burn_alert(OBJECTIVE, tier, [], Links(), 15).for_seconds

"""What stands before the groups: choice of group, outcomes, residency, metering, safety filter."""

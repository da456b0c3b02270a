"""The lab: scenarios replayed in virtual time through the real rules, and scored."""

"""The lab: every scenario played in virtual time through the real rules, and scored."""

"""Burn and cause alerts as data, their routing, and the pages they become."""

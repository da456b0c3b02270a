"""What each kind of panel is to show, worked out of its lines: data that a browser draws as it is.

A module a kind of panel. Each takes a :class:`dashboards.preview.drawings.given.Given` and returns
JSON values; the key ``kind`` says how it is drawn.
"""

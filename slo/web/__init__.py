"""Pages for people: one skeleton, one style sheet, one chart script, and what guards them.

Used by the preview of dashboards, and by whatever else shows people something. Nothing here is
fetched from elsewhere: a page works without a network.
"""

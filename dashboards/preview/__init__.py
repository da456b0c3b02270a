"""Dashboards drawn without Grafana: the same JSON, asked of one Prometheus, drawn in a browser.

The server reads dashboards, puts variables into their queries, asks Prometheus and works out what
each panel is to show; the browser chooses, asks for panels, and draws. It is no Grafana.
"""

"""Rules and routes for the Prometheus Operator: PrometheusRule and AlertmanagerConfig."""

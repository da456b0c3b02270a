"""What reads the cluster and serves Prometheus: one subpackage an exporter."""

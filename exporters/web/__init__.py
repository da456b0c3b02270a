"""How pages are served: formats, TLS and passwords, as by the Prometheus exporter toolkit."""

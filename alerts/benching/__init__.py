"""What alerts are measured with: Alertmanagers that are killed, and what still arrives."""

"""What is measured of dashboards beside their building."""

"""Tool gateways: how calls to external tools ended, and how long they took."""

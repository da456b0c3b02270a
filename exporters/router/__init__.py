"""Routers: what users felt."""

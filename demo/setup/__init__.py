"""Brings what the demo and the tests need onto a machine: programs and a Python environment.

Everything here uses the standard library alone, so that it runs before there is an environment.
It asks for no root, starts no service and changes nothing outside the checkout.
"""

"""OTLP from agent runtimes: how tool calls ended and how long they took.

One of the two stateful exporters of shardwatch: what is pushed is counted here, once.
"""

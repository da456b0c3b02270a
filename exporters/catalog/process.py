"""Families of an exporter's own process, under the names that all client libraries give them.

https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics. They have no labels:
who scraped them says whose they are.
"""

from __future__ import annotations

from exporters.catalog.family import Family

PROCESS_CPU_SECONDS = Family(
    "process_cpu_seconds_total", "counter", "Time on a processor, in user and in system mode.", ()
)
PROCESS_RESIDENT_MEMORY = Family(
    "process_resident_memory_bytes", "gauge", "Memory that is resident.", ()
)
PROCESS_VIRTUAL_MEMORY = Family(
    "process_virtual_memory_bytes", "gauge", "Memory that is addressed.", ()
)
PROCESS_START_TIME = Family(
    "process_start_time_seconds", "gauge", "Unix time at which the process began.", ()
)
PROCESS_OPEN_FDS = Family("process_open_fds", "gauge", "File descriptors that are open.", ())
PROCESS_MAX_FDS = Family("process_max_fds", "gauge", "File descriptors that may be.", ())

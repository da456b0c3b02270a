"""The kinds of panels that our boards are made of, in the shapes that Grafana 12 and 13 write.

grafanalib 0.7.1 knows time series, stat, state timeline and text well enough for the normaliser;
its gauge, bar gauge, heat map and table are of older shapes, so these are ours. Its ``Graph`` is
never used.
"""

from dashboards.panels.about import About as About
from dashboards.panels.about import Json as Json
from dashboards.panels.about import Meaning as Meaning
from dashboards.panels.about import Step as Step
from dashboards.panels.graphs import colored_lines as colored_lines
from dashboards.panels.graphs import heatmap as heatmap
from dashboards.panels.graphs import state_timeline as state_timeline
from dashboards.panels.graphs import time_series as time_series
from dashboards.panels.numbers import bar_gauge as bar_gauge
from dashboards.panels.numbers import gauge as gauge
from dashboards.panels.numbers import stat as stat
from dashboards.panels.prose import row as row
from dashboards.panels.prose import text as text
from dashboards.panels.tables import Column as Column
from dashboards.panels.tables import Order as Order
from dashboards.panels.tables import colored_column as colored_column
from dashboards.panels.tables import joined_table as joined_table
from dashboards.panels.tables import linked_column as linked_column
from dashboards.panels.tables import meaning_column as meaning_column
from dashboards.panels.tables import narrow_column as narrow_column
from dashboards.panels.tables import table as table

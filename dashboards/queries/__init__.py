"""What boards ask, by subject. Series and labels come from the catalogue and the conventions.

Boards of a fleet read recorded series of cells and objectives; what is shown of single groups and
GPUs is limited to the worst. Only a board of one group or one host reads all that these serve.
"""

from dashboards.queries.query import RATE_INTERVAL as RATE_INTERVAL
from dashboards.queries.query import SHOWN_LINES as SHOWN_LINES
from dashboards.queries.query import SHOWN_NAMED as SHOWN_NAMED
from dashboards.queries.query import SHOWN_ROWS as SHOWN_ROWS
from dashboards.queries.query import Query as Query

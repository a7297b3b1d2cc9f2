"""Every invariant of the foundation as a query, by noun."""

from tradewind.analytics.model import Check
from tradewind.analytics.queries.approvals import APPROVALS
from tradewind.analytics.queries.blankets import BLANKETS
from tradewind.analytics.queries.changes import CHANGES
from tradewind.analytics.queries.credit import CREDIT
from tradewind.analytics.queries.decision_tables import DECISION_TABLES
from tradewind.analytics.queries.drop_ship import DROP_SHIP
from tradewind.analytics.queries.dunning import DUNNING
from tradewind.analytics.queries.governed import GOVERNED
from tradewind.analytics.queries.intake import INTAKE
from tradewind.analytics.queries.isolation import ISOLATION
from tradewind.analytics.queries.money import MONEY
from tradewind.analytics.queries.orders import ORDERS
from tradewind.analytics.queries.papers import PAPERS
from tradewind.analytics.queries.partners import PARTNERS
from tradewind.analytics.queries.process import PROCESS
from tradewind.analytics.queries.quotes import QUOTES
from tradewind.analytics.queries.receivables import RECEIVABLES
from tradewind.analytics.queries.rules import RULES
from tradewind.analytics.queries.stock import STOCK
from tradewind.analytics.queries.streams import STREAM_CHECKS
from tradewind.analytics.queries.trials import TRIALS

CHECKS: tuple[Check, ...] = (
    *STOCK,
    *ORDERS,
    *CHANGES,
    *MONEY,
    *RECEIVABLES,
    *DUNNING,
    *CREDIT,
    *APPROVALS,
    *INTAKE,
    *PARTNERS,
    *PROCESS,
    *STREAM_CHECKS,
    *PAPERS,
    *RULES,
    *BLANKETS,
    *QUOTES,
    *DROP_SHIP,
    *DECISION_TABLES,
    *GOVERNED,
    *TRIALS,
    *ISOLATION,
)

__all__ = ["CHECKS"]

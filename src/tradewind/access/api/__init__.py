"""The HTTP edge of access, and what every other api module builds on (see `edge`)."""

from tradewind.access.api import logins, mandates, principals
from tradewind.access.api.edge import (
    API,
    CallerEdge,
    Edge,
    GuardedRoute,
    actor_of,
    all_allowed,
    answer,
    api_router,
    edge_of,
    not_found,
    permission,
    read_for,
)

__all__ = [
    "API",
    "CallerEdge",
    "Edge",
    "GuardedRoute",
    "actor_of",
    "all_allowed",
    "answer",
    "api_router",
    "edge_of",
    "not_found",
    "permission",
    "read_for",
    "router",
]

router = api_router("access")
router.routes.extend([*logins.router.routes, *principals.router.routes, *mandates.router.routes])

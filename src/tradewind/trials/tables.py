"""Trials and what they found."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Numeric, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY

from tradewind.kernel.tables import MONEY, count, flag, id_column, json, moment, one_of, ref, table, words

HOURS = Numeric(14, 4)

trial = table(
    "trial",
    id_column(),
    words("name"),
    *one_of("mode", "past", "shadow", default="past"),
    *one_of("state", "queued", "running", "done", "failed", "cancelled", default="queued"),
    json("change", nullable=False),
    json("selection", nullable=False),
    Column("assumed_hours", HOURS),
    ref("requested_by", "principal.id", nullable=True),
    moment("requested_at"),
    moment("started_at", nullable=True),
    moment("ended_at", nullable=True),
    moment("as_of", nullable=True),
    count("orders"),
    count("done"),
    count("changed"),
    Column("seconds", Numeric(10, 2)),
    json("summary", nullable=False),
    json("problem"),
    flag("cancel_asked"),
    count("attempts"),
    moment("lease_until", nullable=True),
    CheckConstraint("done between 0 and orders and changed between 0 and done", name="counts"),
    CheckConstraint("(state in ('done', 'failed', 'cancelled')) = (ended_at is not null)", name="ended"),
    CheckConstraint("(state = 'failed') = (problem is not null)", name="failed_says_why"),
    Index("ix_trial_waiting", "requested_at", postgresql_where=text("state in ('queued', 'running')")),
    comment="A change run over past orders, or beside the ones that come: what was changed, by whom, how far it is and what it came to.",
)
trial_finding = table(
    "trial_finding",
    Column("trial_id", Uuid, ForeignKey("trial.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    ref("order_id", "sales_order.id", index=True),
    Column("kinds", ARRAY(Text), nullable=False),
    Column("value", MONEY, nullable=False),
    json("differences", nullable=False),
    count("touches_before"),
    count("touches_after"),
    Column("hours_before", HOURS),
    Column("hours_after", HOURS),
    CheckConstraint("cardinality(kinds) > 0", name="something_differs"),
    Index("uq_trial_finding_order", "trial_id", "order_id", unique=True),
    comment="An order that comes out otherwise with the change of a trial: what changes from what to what, and why.",
)

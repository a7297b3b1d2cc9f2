"""Credit limits and what is taken of them."""

from sqlalchemy import CheckConstraint, Index

from tradewind.kernel.tables import amount, id_column, moment, ref, table, words

credit_node = table(
    "credit_node",
    ref("account_id", "account.id", primary_key=True),
    words("currency"),
    amount("credit_limit", default=None),
    amount("open_orders"),
    amount("receivables"),
    amount("unapplied"),
    CheckConstraint(
        "credit_limit >= 0 and open_orders >= 0 and receivables >= 0 and unapplied >= 0", name="not_negative"
    ),
    comment="An account that carries a limit for itself and its tree; exposure = open orders + receivables - unapplied.",
    buyer=True,
    storage={"fillfactor": 70},
)
credit_override = table(
    "credit_override",
    id_column(),
    ref("account_id", "account.id"),
    amount("amount", default=None),
    words("currency"),
    words("reason"),
    moment("valid_from"),
    moment("valid_to"),
    ref("requested_by", "principal.id"),
    ref("approved_by", "principal.id"),
    amount("approver_limit", default=None),
    CheckConstraint("requested_by <> approved_by", name="four_eyes"),
    CheckConstraint("approver_limit >= amount and amount > 0", name="within_the_approvers_limit"),
    Index("ix_credit_override_account_id", "account_id"),
    comment="A temporary raise of a limit: amount, reason, expiry, and two different people.",
    buyer=True,
)

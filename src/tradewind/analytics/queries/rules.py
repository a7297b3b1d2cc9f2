"""Delivery rules: substitutes that stand for what was ordered, calendars of their owners, windows and groups that fit."""

from tradewind.analytics.model import Check

RULES = (
    Check(
        "R1",
        "A substitute stands for exactly what was ordered, in base units, and is another product.",
        """
        select order_id, line_no, ordered_base, numerator, denominator, substitute_base
        from line_substitution
        where ordered_base * numerator <> substitute_base * denominator or ordered_product_id = substitute_id
           or least(ordered_base, substitute_base) <= 0
        """,
    ),
    Check(
        "R1.circles",
        "Following substitutes never leads back to a product.",
        """
        with recursive chain as (
          select product_id as start, substitute_id as at from substitute
          union
          select c.start, s.substitute_id from chain c join substitute s on s.product_id = c.at where c.at <> c.start
        )
        select p.sku from chain c join product p on p.id = c.start where c.at = c.start
        """,
    ),
    Check(
        "R2",
        "A receiving calendar of a ship-to belongs to the account of that ship-to.",
        """
        select u.id, u.account_id, a.account_id as owner, a.code
        from calendar_use u join address a on a.id = u.address_id where a.account_id <> u.account_id
        """,
    ),
    Check(
        "R3",
        "A delivery group's window ends after it begins, and a charge of a group is of a group of its order.",
        """
        select order_id, group_no, not_before, arrive_by from delivery_group where arrive_by < not_before
        union all
        select c.order_id, c.group_no, null, null from order_charge c
        where c.group_no is not null
          and not exists (select from delivery_group g where g.order_id = c.order_id and g.group_no = c.group_no)
        """,
    ),
)

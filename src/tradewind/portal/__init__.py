"""The portal: what only the people of a buying company do for themselves, such as lists, budgets and standing orders.

What buyers share with everybody (placing orders, reading prices, orders and invoices) is served by `desk` and `views` under the
buyer's own sight, so this package holds only what no other edge has. Invariant: nothing in it sees an account its caller may
not see.
"""

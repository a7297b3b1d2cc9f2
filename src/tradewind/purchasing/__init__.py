"""Purchasing for orders: supplier orders of goods that ship from the supplier straight to the buyer.

Invariants: every unit on a supplier order stands for one unit of a sales order line; a supplier's answer moves exactly the quantity it names;
a document that leaves the house blind names neither our cost nor the other party.
"""

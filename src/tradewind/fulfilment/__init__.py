"""Fulfilment: which site ships what, shipments, and what the warehouse answered.

Invariants: released goods leave that bucket only by the warehouse's answer; what was shipped of a line is the sum of its
shipment lines (L2); a sourcing decision keeps its reason and the sites it turned down.
"""

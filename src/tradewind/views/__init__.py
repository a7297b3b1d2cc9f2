"""Views: read-only joins over several capabilities, for lists, search and one order seen whole.

Invariants: nothing here writes; a buyer reads under the database role that shows only the rows of visible accounts; a page has
a bound and a cursor.
"""

"""The library of value stream templates: what is shipped and imported, installed, upgraded against local changes, measured.

Invariants: an installed template keeps the diagram it was installed with, so that an upgrade can tell what changed here from what
changed there; an upgrade never overwrites a local change unasked; what is installed or upgraded is a draft that a second person reviews
like any other; a file that is imported names everything it needs, and is refused where something of that is not here.
"""

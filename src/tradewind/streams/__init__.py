"""The value stream library: steps that compose capabilities, and the diagrams they run in.

Invariants: a step is look, load, decide, apply for a set; it contains no SQL and no arithmetic of its own; it takes no lock;
no capability calls what comes next. What a step changes is kept in a workset and written once, a statement a table.
"""

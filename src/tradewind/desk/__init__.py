"""The desk: use cases that need several capabilities, plural, shared by every edge: place, preview, change, cancel, promise.

Invariants: one use case, one transaction; a result or a problem for every item; ids that a caller names are resolved under
the caller's own sight, and the command then runs on exactly those ids.
"""

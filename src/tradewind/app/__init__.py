"""The composition root: settings, the embedded PostgreSQL, migrations, HTTP, worker, command line and generated papers.

Invariants: nobody imports it; a route without a declared permission does not start; a command ends with an answer or a named
refusal, never a traceback; what serves requests loads neither the migration tool nor the table declarations.
"""

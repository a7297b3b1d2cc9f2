"""Papers: documents that people read, printed as PDF/A with our own fonts: confirmations, slips, invoices, credit notes, statements.

`views` gives the values, `decide` makes of them what is printed in a language, a child process sets the pages, and what came
out is kept.

Invariants: a paper that was issued never changes, and whoever asks again is given the same bytes; a newer one of the same
document has the next version and names the one it replaces; every printed amount is an amount of the database, or the sum of
such; a character that cannot be printed is said on the paper and in its findings, never left out in silence.
"""

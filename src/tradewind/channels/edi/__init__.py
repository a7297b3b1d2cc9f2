"""Trading by X12: partners, their documents in, our answers out.

`work` turns a kept document into orders, changes and acknowledgements, set by set, in commits of bounded size; `outbound`
follows the log and writes what partners are owed; `drop` watches a folder. `commands` and `queries` hold the SQL, and
`channels.decide` reads and renders.

Invariants: the bytes are committed before anybody is told so; an acknowledged set has exactly one outcome; the same
interchange again has the same answer and no second effect; control numbers to a partner have no gap.
"""

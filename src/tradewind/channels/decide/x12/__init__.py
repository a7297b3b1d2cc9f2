"""X12: interchanges in any separators to values and back, pure. The envelope, orders, changes, acknowledgements, answers.

Invariants: bytes that are no X12 are a fault, never a traceback; a bad transaction set rejects itself, not its
neighbours; what is read and written again is equal, also where a set is not interpreted; numbers are Decimal.

Where to look: `model` (envelope, groups, sets, faults), `documents` (what sets mean), `maps` (partners' differences);
`read` (`read_interchanges(data) -> Reading`, `walk(source) -> Iterator[Step]`, set by set), `orders`
(`purchase_order(set, map) -> PurchaseOrder` for 850 and 875, `order_change(set, map)` for 860), `drafts`
(`to_order_draft(po, map, account) -> Drafted`), `acknowledge` (`acknowledge_group(group, map) -> GroupAcknowledgement`,
`read_acknowledgement(set)`, `write_997(acknowledgement, control)`), `answers` (`write_855`, `write_865`), `notices`
(`write_856`), `invoices` (`write_810`), `write` (`write_interchange(envelope, groups) -> bytes | Problem`).
Every `write_NNN(value, control)` gives a `TransactionSet`; a data element that contains a separator is refused by
`write_interchange`, by its place.
"""

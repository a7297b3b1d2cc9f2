"""Returns: what a customer may send back, what came back, and what of it was credited.

Invariants: never more comes back of an order line than was shipped of it; receipt and credit are separate facts; a return line
is tied to the invoice line that billed it, or held with the reason; a disposition says what happens to the goods, at which site.
"""

"""The catalogue: products, the units they come in, what others call them, and the sites that keep them.

Invariants: a unit converts exactly, as a ratio of whole numbers; an outside number that names several products is never
guessed at.
"""

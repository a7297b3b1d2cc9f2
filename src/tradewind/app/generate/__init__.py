"""Papers that are made from the code and checked in: the map, the reference, the drawings of the value streams.

`python -m tradewind.app.generate` writes them, `--check` ends with 1 and names those that differ. Invariant: same code, same
bytes, on every machine.
"""

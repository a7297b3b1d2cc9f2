"""The rules engine: business people's expressions and tables as data, and knows no commerce.

For: FEEL, the one expression language of gateways, timers, mappings and policies (`decide.feel`), compiled once to closures.

Invariants:
- Numbers are decimals with 34 digits, never floats; durations are exact.
- No expression can run code, reach an attribute that is not a field of a dataclass, or take unbounded time or space.
- An expression that cannot be read is refused with a code `rules.*` and its position; one that can be read never
  raises: what has no value is null, as FEEL defines.
- Same expression, same context, same value: no clock, no randomness.
"""

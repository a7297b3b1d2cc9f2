"""The rules engine: business people's expressions and tables as data, and knows no commerce.

For: FEEL, the one expression language of gateways, timers, mappings and policies (`decide.feel`), compiled once to closures;
decision tables and the decisions they feed, read from DMN (`decide.dmn`), and the compatibility kit's cases (`decide.tck`).

Invariants:
- Numbers are decimals with 34 digits, never floats; durations are exact.
- No expression can run code, reach an attribute that is not a field of a dataclass, or take unbounded time or space.
- An expression that cannot be read is refused with a code `rules.*` and its position; one that can be read never
  raises: what has no value is null, as FEEL defines.
- What a decision model does not say in a way that is understood is named by element and id, and decides nothing; circles and
  models that would call too much are refused before anything is decided.
- Same expression, same context, same value: no clock, no randomness.
"""

"""The rules engine: business people's expressions and tables as data, and knows no commerce.

For: FEEL, the one expression language of gateways, timers, mappings and policies (`decide.feel`), compiled once to closures;
decision tables and the decisions they feed, read from DMN (`decide.dmn`), and the compatibility kit's cases (`decide.tck`); rule sets,
which keep a table's versions from draft to live (`kernel.versions`), what is published of them (`queries.published`, asked in the hot
path) and what it decided (`commands.decisions`).

Invariants:
- Numbers are decimals with 34 digits, never floats; durations are exact.
- No expression can run code, reach an attribute that is not a field of a dataclass, or take unbounded time or space.
- An expression that cannot be read is refused with a code `rules.*` and its position; one that can be read never
  raises: what has no value is null, as FEEL defines.
- What a decision model does not say in a way that is understood is named by element and id, and decides nothing; circles and
  models that would call too much are refused before anything is decided.
- Same expression, same context, same value: no clock, no randomness.
- At most one version governs a decision point for a scope at every instant; it was reviewed by somebody who wrote nothing of it, its tests
  passed, it speaks only the words of its point, and its bytes never change.
"""

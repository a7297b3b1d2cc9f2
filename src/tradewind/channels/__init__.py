"""Channels: how other people's documents become our orders, and how a company's past is replayed.

Whatever the channel (JSON, CSV, EDI, cXML, UBL, a PDF), the raw bytes are kept first, a pure reader turns them into
values with findings, and `desk` places the result. `decide` holds the readers; `decide.history` reads a company's
historic documents for `tradewind replay`.

Invariants: the same document twice is one order; nothing is dropped in silence (what came in is an order, a change, a
duplicate, a refusal with its reason, or held); bad input is a finding with its place, never a traceback.
"""

"""Agents: the edge for software that acts for a person or a company, its tools and what it may decide alone.

An agent is a principal like any other and comes in through the same routes; `access` holds its mandate (accounts, actions, the
largest order). Invariants: without a mandate that is valid at that moment an agent does nothing; every act records the agent,
the mandate and on whose behalf it was.
"""

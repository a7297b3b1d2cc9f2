"""Who may do what: principals, roles, the accounts they see, keys, sessions and mandates.

Invariants: one pure `authorize` decides for every edge; a foreign object looks exactly like one that does not exist;
secrets are kept only as hashes; an agent acts for an account only under a mandate that is valid at that moment.
"""

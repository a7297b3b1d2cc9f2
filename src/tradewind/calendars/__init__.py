"""Calendars: when a site ships and a customer receives, and which day follows from that.

Days are days of a place: every calendar has its time zone, and its rules are asked with local dates. Invariants: a day that is
picked, shipped or received is a day on which the place works; nothing is picked on a day after that day's cut-off.
"""

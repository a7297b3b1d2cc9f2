"""Measurements, each beside its limit. `make bench` runs them all; nothing here is used by the system itself."""

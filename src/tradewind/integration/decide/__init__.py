"""Reading of master data files: bytes in, typed rows and named refusals out. No database, no clock, no network."""

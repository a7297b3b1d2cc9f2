"""Pure reading of what every edge takes in. No database, no clock, no network."""
